import { expect, test, vi } from 'vitest';
import { openPagerDuty } from '../../cloud/adapters/pagerduty.ts';
import { openSlack } from '../../cloud/adapters/slack.ts';
import { openWebhook } from '../../cloud/adapters/webhook.ts';
import type { Receiver } from '../../cloud/ports.ts';
import { openFakePagerDuty } from '../world/receivers/pagerduty.ts';
import { openFakeSlack } from '../world/receivers/slack.ts';
import { openFakeWebhook } from '../world/receivers/webhook.ts';
import type { PlayedClock } from '../engine/clock.ts';
import { openTold, type Told } from './endpoint.ts';
import { SECRETS } from './samples.ts';

/** An hour of played time is thousands of looks of the engine: seconds here, more on a busy machine. */
vi.setConfig({ testTimeout: 90_000 });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A pager, a chat and a webhook, each real to its last byte, and an endpoint that tells them. */
async function openPeople(wrap: (receiver: Receiver) => Receiver = (receiver) => receiver) {
  const parts = new AsyncDisposableStack();
  const pager = parts.use(await openFakePagerDuty(SECRETS.routingKey));
  const slack = parts.use(await openFakeSlack(SECRETS.slack));
  let clock: PlayedClock | undefined;
  const hook = parts.use(await openFakeWebhook(SECRETS.webhook, () => clock?.nowMs() ?? 0));
  const told: Told = parts.use(
    await openTold((played) => {
      clock = played;
      const { routingKey, webhook } = SECRETS;
      return {
        pagerduty: { kind: 'pagerduty', receiver: wrap(openPagerDuty({ routingKey, url: pager.url, clock: played })) },
        slack: { kind: 'slack', receiver: openSlack({ url: slack.hook, clock: played }) },
        webhook: { kind: 'webhook', receiver: openWebhook({ url: hook.url, secrets: [webhook], clock: played }) },
      };
    }),
  );
  const kinds = () => hook.received.map(({ data }) => data['kind']);
  return { told, pager, slack, hook, kinds, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

test('everybody is told of a failover and a restore, in order, and the page is opened and closed', async () => {
  await using people = await openPeople();
  const { told, pager, slack, kinds } = people;
  await told.command('failover');
  await told.until('the page', () => pager.open().length === 1);
  await told.command('restore');
  await told.until('the end', () => kinds().length === 3 && slack.received.length === 3 && pager.received.length === 2);
  expect(kinds()).toEqual(['failover-begun', 'failover-done', 'restored']);
  expect(pager.received.map(({ event_action }) => event_action)).toEqual(['trigger', 'resolve']);
  expect(pager.open()).toEqual([]);
  expect([...pager.wrong, ...slack.wrong, ...people.hook.wrong]).toEqual([]);
});

test('trigger and resolve pair up over a crash between them, also when the trigger had arrived and nobody had heard so', async () => {
  // The process dies when PagerDuty has the trigger and the store does not know it yet.
  const reached = Promise.withResolvers<void>();
  let lost = true;
  await using people = await openPeople((receiver) => ({
    ...receiver,
    async deliver(message, signal) {
      const receipt = await receiver.deliver(message, signal);
      if (!lost) return receipt;
      reached.resolve();
      return new Promise(() => {});
    },
  }));
  const { told, pager } = people;
  await told.command('failover');
  await reached.promise;
  lost = false;
  await told.crash();
  await told.command('restore');
  await told.until('the resolve', () => pager.received.at(-1)?.event_action === 'resolve');
  expect(pager.open()).toEqual([]);
  expect(new Set(pager.received.map(({ dedup_key }) => dedup_key)).size).toBe(1);
});

test('a pager that is down for an hour delays nobody else, and is told afterwards what still counts', async () => {
  await using people = await openPeople();
  const { told, pager, slack, kinds } = people;
  pager.weather = () => ({ status: 503 });
  await told.command('failover');
  await told.until('the others are told', () => kinds().length === 2 && slack.received.length === 2);
  expect(pager.received).toEqual([]);
  await told.pass(HOUR, 60_000);
  // Once in half a minute to a minute: whoever comes back is not drowned.
  expect(pager.asked.length).toBeLessThan(120);
  pager.weather = () => undefined;
  await told.until('the page', () => pager.open().length === 1);
  expect(kinds()).toContain('reminder');
});

test('a page whose incident is over before it could be sent is dropped with a row of the journal, and nobody is woken', async () => {
  await using people = await openPeople();
  const { told, pager, slack } = people;
  pager.weather = () => ({ status: 500 });
  await told.command('failover');
  await told.pass(5 * MINUTE);
  await told.command('restore');
  pager.weather = () => undefined;
  await told.until('the resolve', () => pager.received.length > 0);
  expect(pager.received.map(({ event_action }) => event_action)).toEqual(['resolve']);
  expect(await told.lines('dropped')).toEqual([
    'a message to pagerduty was dropped: what it called for was over before it could be sent',
  ]);
  expect(slack.received).toHaveLength(3);
});

test('a chat that was out of reach is told how things are, and not how they were', async () => {
  await using people = await openPeople();
  const { told, slack } = people;
  slack.weather = () => ({ status: 502 });
  await told.command('failover');
  await told.pass(2 * HOUR, 120_000);
  await told.command('restore');
  slack.weather = () => undefined;
  await told.until('the chat hears of it', () => slack.received.length > 0);
  expect(slack.received.map(({ text }) => text)).toEqual([expect.stringContaining('www is back at primary')]);
  const dropped = await told.lines('dropped');
  expect(dropped.filter((text) => text.includes('the incident was over'))).toHaveLength(2);
  // The first reminder lost its worth when the second one came.
  expect(dropped.filter((text) => text.includes('its time was over')).length).toBeGreaterThan(0);
});

test('Retry-After is kept to, and what waits meanwhile follows in order', async () => {
  await using people = await openPeople();
  const { told, slack } = people;
  slack.weather = () => ({ status: 429, retryAfter: '600' });
  await told.command('failover');
  await told.pass(9 * MINUTE);
  expect(slack.asked).toHaveLength(1);
  slack.weather = () => undefined;
  await told.pass(2 * MINUTE);
  expect(slack.received.map(({ text }) => /being failed over|failed over by/.exec(text)?.[0])).toEqual([
    'being failed over',
    'failed over by',
  ]);
});

test('a message that is refused for good is dropped with a row of the journal, and the next one is sent', async () => {
  await using people = await openPeople();
  const { told, hook, kinds } = people;
  let refuse = true;
  hook.weather = () => {
    const once = refuse;
    refuse = false;
    return once ? { status: 400 } : undefined;
  };
  await told.command('failover');
  await told.until('the next message', () => kinds().length === 1);
  expect(kinds()).toEqual(['failover-done']);
  expect(await told.lines('dropped')).toEqual(['a message to webhook was dropped: the webhook answered 400 (weather)']);
});

test('a receiver that is gone is not asked for an hour, each message that it misses has its row, and the others are told', async () => {
  await using people = await openPeople();
  const { told, slack, pager, kinds } = people;
  slack.weather = () => ({ status: 410 });
  await told.command('failover');
  await told.until('the others are told', () => kinds().length === 2 && pager.received.length === 1);
  await told.pass(10_000);
  expect(slack.asked).toHaveLength(1);
  expect(await told.lines('dropped')).toHaveLength(2);
});

test('a page that the pager refuses for good waits, and calls when it was mended; its resolve follows it', async () => {
  await using people = await openPeople();
  const { told, pager, kinds } = people;
  pager.weather = () => ({ status: 401 });
  await told.command('failover');
  await told.until('the others are told', () => kinds().length === 2);
  await told.pass(30 * MINUTE, MINUTE);
  expect(pager.received).toEqual([]);
  expect(pager.asked.length).toBeLessThan(5);
  expect(await told.lines('dropped')).toEqual([]);
  pager.weather = () => undefined;
  await told.until('the page', () => pager.open().length === 1);
  await told.command('restore');
  await told.until('its end', () => pager.open().length === 0);
});

test('a receiver that hangs delays nobody else, and is asked again when its time is over', async () => {
  await using people = await openPeople();
  const { told, slack, pager, kinds } = people;
  slack.weather = () => 'hang';
  await told.command('failover');
  await told.until('the others are told', () => kinds().length === 2 && pager.received.length === 1);
  await told.until('it is asked again', () => slack.asked.length >= 2);
  slack.weather = () => undefined;
  await told.until('it is told', () => slack.received.length === 2);
  expect(slack.wrong).toEqual([]);
});

test('neither the log nor the journal ever holds a secret, whatever goes wrong', async () => {
  await using people = await openPeople();
  const { told, slack, pager, hook } = people;
  const weathers = [
    { status: 400 },
    { status: 500 },
    { status: 429, retryAfter: '1' },
    { status: 302 },
    { status: 404 },
  ];
  let turn = 0;
  for (const fake of [slack, pager, hook]) fake.weather = () => weathers[turn++ % weathers.length];
  for (let moves = 0; moves < 3; moves++) {
    await told.command('failover');
    await told.pass(MINUTE);
    await told.command('restore');
    await told.pass(MINUTE);
  }
  await slack[Symbol.asyncDispose]();
  await told.command('failover');
  await told.pass(MINUTE);
  const said = await told.said();
  expect(said).toContain('was dropped');
  for (const secret of [SECRETS.routingKey, SECRETS.slack, SECRETS.webhook, SECRETS.webhook.slice(6)]) {
    expect(said).not.toContain(secret);
  }
});
