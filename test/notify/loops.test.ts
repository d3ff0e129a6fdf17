import { expect, test } from 'vitest';
import { makePresence } from '../../cloud/intake/presence.ts';
import { watchDevices } from '../../cloud/jobs/notice/device-watch.ts';
import { runHeartbeat } from '../../cloud/jobs/notice/heartbeat.ts';
import { whatIsNotWell } from '../../cloud/jobs/notice/well.ts';
import { silentLog } from '../../shared/log.ts';
import { makePlayedClock } from '../engine/clock.ts';

const MINUTE = 60_000;

function beating() {
  const clock = makePlayedClock();
  const stop = new AbortController();
  const heart = { ill: null as string | null, lost: 0, beats: 0 };
  const running = runHeartbeat(
    {
      name: 'heartbeat',
      everyMs: MINUTE,
      trouble: async () => heart.ill,
      beat: async () => {
        if (heart.lost > 0) return `lost ${heart.lost--}`;
        heart.beats += 1;
        return null;
      },
      clock,
      log: silentLog,
    },
    stop.signal,
  );
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  return { clock, heart, end };
}

test('the heartbeat goes out at once and every minute while all is well, and stops while something is not', async () => {
  const { clock, heart, end } = beating();
  await clock.advance(3 * MINUTE);
  expect(heart.beats).toBe(4);
  heart.ill = 'mqtt: the broker is away';
  await clock.advance(10 * MINUTE);
  expect(heart.beats).toBe(4);
  heart.ill = null;
  // Well again is heard within seconds.
  await clock.advance(5_000);
  expect(heart.beats).toBe(5);
  await end();
});

test('a heartbeat that is lost on its way is sent again before anybody misses it', async () => {
  const { clock, heart, end } = beating();
  heart.lost = 2;
  await clock.advance(MINUTE);
  heart.lost = 2;
  await clock.advance(30_000);
  expect(heart.beats).toBe(2);
  await end();
});

const WELL = {
  checks: [{ name: 'store', ask: async () => null }],
  switches: ['www'],
  positionOf: async () => 'primary',
  receivers: ['slack'],
  troubleOf: () => null,
  waitingSinceMs: async () => null,
};

test.for([
  [{}, null],
  [{ checks: [{ name: 'mqtt', ask: async () => 'No broker.' }] }, 'mqtt: No broker.'],
  [{ checks: [{ name: 'store', ask: async () => Promise.reject(new Error('gone')) }] }, 'gone'],
  [{ positionOf: async () => 'unknown' }, 'Where www is is not known.'],
  [{ troubleOf: () => 'Slack answered 404' }, 'slack takes no messages: Slack answered 404.'],
  [{ waitingSinceMs: async () => 0 }, 'A message to slack waits for 11 min.'],
] as const)('all is well, or a sentence says what is not (%#)', async ([ill, said]) => {
  const clock = makePlayedClock(11 * MINUTE);
  expect(await whatIsNotWell({ ...WELL, ...ill, clock }, new AbortController().signal)).toBe(said);
});

/** One button, its endpoint that hears it or not, and what is told of it. */
function watching() {
  const played = makePlayedClock();
  const stop = new AbortController();
  const said: string[] = [];
  let hears = true;
  let aheadMs = 0;
  const clock = { ...played, nowMs: () => played.nowMs() + aheadMs };
  const presence = makePresence(clock, () => hears);
  const running = watchDevices(
    {
      devices: [{ name: 'lobby', on: ['www'], drillEveryMs: undefined }],
      switches: ['www'],
      heard: (device) => presence.of(device),
      hears: () => hears,
      tell: async (name, { device, online }) => said.push(`${name}: ${device} ${online}`),
      clock,
      log: silentLog,
    },
    stop.signal,
  );
  return {
    clock,
    said,
    setHears: (can: boolean) => (hears = can),
    setAhead: (ms: number) => (aheadMs = ms),
    says: (online: boolean) => presence.hear('lobby', Buffer.from(JSON.stringify({ online, session: '1' }))),
    end: async () => {
      stop.abort();
      await running;
    },
  };
}

test('a button is absent after five minutes of silence, and never because this endpoint cannot hear', async () => {
  const { clock, said, setHears, says, end } = watching();
  says(true);
  await clock.advance(MINUTE);
  expect(said).toEqual(['www: lobby true']);
  setHears(false);
  await clock.advance(60 * MINUTE);
  setHears(true);
  await clock.advance(4 * MINUTE);
  expect(said).toHaveLength(1);
  // It says it every minute: nobody has heard it for five.
  await clock.advance(2 * MINUTE);
  expect(said).toEqual(['www: lobby true', 'www: lobby false']);
  says(true);
  await clock.advance(MINUTE);
  // Its will says that it is gone: a flap of the network is not told.
  says(false);
  await clock.advance(4 * MINUTE);
  expect(said).toHaveLength(3);
  await clock.advance(2 * MINUTE);
  expect(said.at(-1)).toBe('www: lobby false');
  await end();
});

test('whoever hears buttons again says how they are, whatever it said before: another endpoint may have said else', async () => {
  const { clock, said, setHears, says, end } = watching();
  says(true);
  await clock.advance(MINUTE);
  setHears(false);
  await clock.advance(20 * MINUTE);
  setHears(true);
  await clock.advance(MINUTE);
  // What it heard before it was deaf is no word of today.
  expect(said).toEqual(['www: lobby true']);
  says(true);
  await clock.advance(MINUTE);
  expect(said).toEqual(['www: lobby true', 'www: lobby true']);
  await end();
});

test('a wall clock that is put forward makes no button absent', async () => {
  const { clock, said, setAhead, says, end } = watching();
  says(true);
  await clock.advance(MINUTE);
  setAhead(60 * MINUTE);
  await clock.advance(MINUTE / 2);
  expect(said).toEqual(['www: lobby true']);
  await end();
});
