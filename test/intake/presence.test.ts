import { expect, test } from 'vitest';
import { makePresence } from '../../cloud/intake/presence.ts';
import type { Clock } from '../../shared/clock.ts';

function startClock(): Clock & { pass(ms: number): void } {
  let ms = Date.UTC(2026, 10, 22, 12);
  const now = (): number => ms;
  return {
    nowMs: now,
    monotonicMs: now,
    sleep: () => Promise.resolve(),
    pass(passedMs) {
      ms += passedMs;
    },
  };
}

const says = (online: boolean): Uint8Array => Buffer.from(JSON.stringify({ online, session: '1', version: '0.1.0' }));

test('a device that says nothing for five minutes counts as offline since it was last heard, though no will came', () => {
  const clock = startClock();
  const presence = makePresence(clock, () => true);
  presence.hear('lobby', says(true));
  clock.pass(60_000);
  presence.hear('lobby', says(true));
  const heardAtMs = clock.nowMs();
  clock.pass(299_999);
  expect(presence.of('lobby')).toMatchObject({ online: true, isAbsent: false, sinceMs: heardAtMs - 60_000 });
  clock.pass(1);
  expect(presence.of('lobby')).toMatchObject({ online: false, isAbsent: true, sinceMs: heardAtMs });
});

test('an endpoint that is deaf calls nobody absent, nor before it has heard for five minutes again', () => {
  const clock = startClock();
  let isDeaf = false;
  const presence = makePresence(clock, () => !isDeaf);
  presence.hear('lobby', says(true));
  isDeaf = true;
  clock.pass(3_600_000);
  expect(presence.of('lobby')).toMatchObject({ online: true, isAbsent: false, silentMs: 3_600_000 });
  isDeaf = false;
  presence.connected();
  clock.pass(299_999);
  expect(presence.of('lobby')).toMatchObject({ online: true, isAbsent: false });
  clock.pass(1);
  expect(presence.of('lobby')).toMatchObject({ online: false, isAbsent: true });
});

test('a device that has said goodbye is offline since then, and not absent', () => {
  const clock = startClock();
  const presence = makePresence(clock, () => true);
  presence.hear('lobby', says(true));
  clock.pass(60_000);
  presence.hear('lobby', says(false));
  const leftAtMs = clock.nowMs();
  clock.pass(3_600_000);
  expect(presence.of('lobby')).toMatchObject({ online: false, isAbsent: false, sinceMs: leftAtMs });
});
