import { expect, test } from 'vitest';
import { makeMeasuredReceivers } from '../../cloud/jobs/measured-receivers.ts';
import { onlyWhatCounts } from '../../cloud/jobs/notice/gate.ts';
import type { Labels, Meter, Receipt } from '../../cloud/ports.ts';
import { makePlayedClock } from '../engine/clock.ts';
import { noticeMessage, NOTICE, TRIGGER } from '../notify/samples.ts';
import { toldWorld } from '../notify/people.ts';

const calm = new AbortController().signal;

const MINUTE = 60_000;

function measuring(delivers = () => true) {
  const clock = makePlayedClock();
  const counted: string[] = [];
  const count = (_: string, labels: Labels, by = 1): void => {
    if (by > 0) counted.push(labels['result'] ?? '');
  };
  const meter: Meter = { count, time: () => undefined, text: async () => '' };
  const receivers = makeMeasuredReceivers(meter, clock, delivers);
  return { clock, counted, receivers };
}

test('what became pointless before it could be sent is not counted as refused', async () => {
  const { counted, receivers } = measuring();
  const answers: Receipt[] = [{ kind: 'never', reason: 'PagerDuty answered 400' }];
  const pager = { deliver: async () => answers.shift() ?? { kind: 'delivered' as const } };
  const world = toldWorld();
  const receiver = receivers.measured(
    'pager',
    onlyWhatCounts(pager, async () => world.stateOf()),
  );
  // No such page is open.
  await receiver.deliver(noticeMessage(TRIGGER), calm);
  expect(counted).toEqual(['pointless']);
  await receiver.deliver(noticeMessage({ ...NOTICE, kind: 'restored' }), calm);
  expect(counted).toEqual(['pointless', 'never']);
});

/** A chat that has been out of reach for ten minutes, and a lease that may be lost to an endpoint that reaches it. */
async function outOfReach() {
  const lease = { isHeld: true, lostInTry: false };
  const { clock, receivers } = measuring(() => lease.isHeld);
  const chat = receivers.measured('slack', {
    async deliver() {
      if (lease.lostInTry) lease.isHeld = false;
      if (!lease.isHeld) throw new Error('another endpoint may notify now');
      return { kind: 'later', reason: 'Slack answered 503', afterMs: null };
    },
  });
  const tryIt = async (): Promise<unknown> => chat.deliver(noticeMessage(NOTICE), calm).catch(() => undefined);
  await tryIt();
  await clock.advance(10 * MINUTE);
  expect(receivers.tryingForMs('slack')).toBe(10 * MINUTE);
  return { clock, lease, tryIt, triedForMs: () => receivers.tryingForMs('slack') };
}

test('an endpoint that stands by does not go on saying that a receiver is out of reach', async () => {
  const { clock, lease, triedForMs } = await outOfReach();
  lease.isHeld = false;
  expect(triedForMs()).toBe(0);
  lease.isHeld = true;
  await clock.advance(MINUTE);
  expect(triedForMs()).toBe(0);
});

test('a try that ends because another endpoint delivers now is no failure of the receiver', async () => {
  const { clock, lease, tryIt, triedForMs } = await outOfReach();
  lease.lostInTry = true;
  await tryIt();
  lease.isHeld = true;
  await clock.advance(MINUTE);
  expect(triedForMs()).toBe(0);
});
