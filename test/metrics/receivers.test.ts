import { expect, test } from 'vitest';
import { makeMeasuredReceivers } from '../../cloud/jobs/measured-receivers.ts';
import { onlyWhatCounts } from '../../cloud/jobs/notice/gate.ts';
import type { Labels, Meter, Receipt } from '../../cloud/ports.ts';
import { makePlayedClock } from '../engine/clock.ts';
import { noticeMessage, NOTICE, TRIGGER } from '../notify/samples.ts';
import { toldWorld } from '../notify/people.ts';

const calm = new AbortController().signal;

function measuring() {
  const clock = makePlayedClock();
  const counted: string[] = [];
  const count = (_: string, labels: Labels, by = 1): void => {
    if (by > 0) counted.push(labels['result'] ?? '');
  };
  const meter: Meter = { count, time: () => undefined, text: async () => '' };
  const receivers = makeMeasuredReceivers(meter, clock);
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
