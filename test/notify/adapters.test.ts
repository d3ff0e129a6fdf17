import { expect, onTestFinished, test } from 'vitest';
import { openDatadogEvents } from '../../cloud/adapters/datadog-events.ts';
import { openHeart } from '../../cloud/adapters/heartbeat.ts';
import { openPagerDuty } from '../../cloud/adapters/pagerduty.ts';
import { openSlack } from '../../cloud/adapters/slack.ts';
import { openWebhook } from '../../cloud/adapters/webhook.ts';
import { makePlayedClock } from '../engine/clock.ts';
import { openFakeDatadog } from '../world/receivers/datadog.ts';
import { openFakeHeart } from '../world/receivers/heart.ts';
import { openFakePagerDuty } from '../world/receivers/pagerduty.ts';
import { openFakeSlack } from '../world/receivers/slack.ts';
import { openFakeWebhook } from '../world/receivers/webhook.ts';
import { CHECK, checkMessage, ENORMOUS, NOTICE, noticeMessage, RESOLVE, SECRETS, TRIGGER } from './samples.ts';

const NOW_MS = Date.parse(NOTICE.at);
const clock = makePlayedClock(NOW_MS);
const calm = new AbortController().signal;
const DELIVERED = { kind: 'delivered' };

test('PagerDuty is given a page and its end under one key, every field within its limits', async () => {
  await using fake = await openFakePagerDuty(SECRETS.routingKey);
  const pager = openPagerDuty({ routingKey: SECRETS.routingKey, url: fake.url, clock });
  expect(await pager.deliver(noticeMessage(TRIGGER), calm)).toEqual(DELIVERED);
  expect(fake.open()).toEqual(['job-1']);
  expect(fake.received[0]).toMatchObject({
    event_action: 'trigger',
    client: 'dashover',
    client_url: NOTICE.link,
    payload: { summary: NOTICE.title, source: 'www', severity: 'error', timestamp: NOTICE.at, class: 'failover-done' },
  });
  expect(await pager.deliver(noticeMessage(RESOLVE), calm)).toEqual(DELIVERED);
  expect(fake.open()).toEqual([]);
  expect(await pager.deliver(noticeMessage(ENORMOUS), calm)).toEqual(DELIVERED);
  expect(fake.wrong).toEqual([]);
});

test('Slack is given blocks and the same in words, and a stranger in them can call nobody', async () => {
  await using fake = await openFakeSlack(SECRETS.slack);
  const slack = openSlack({ url: fake.hook, clock });
  expect(await slack.deliver(noticeMessage(NOTICE), calm)).toEqual(DELIVERED);
  expect(fake.received[0]?.text).toContain(NOTICE.text);
  expect(fake.received[0]?.blocks.map(({ type }) => type)).toEqual(['header', 'section', 'section', 'context']);
  expect(await slack.deliver(noticeMessage({ ...NOTICE, drill: true }), calm)).toEqual(DELIVERED);
  expect(JSON.stringify(fake.received[1]?.blocks[0])).toContain('🧪');
  expect(await slack.deliver(noticeMessage(ENORMOUS), calm)).toEqual(DELIVERED);
  expect(fake.wrong).toEqual([]);
});

test('a webhook is signed as Standard Webhooks says, and a repeat has the same id', async () => {
  await using fake = await openFakeWebhook(SECRETS.webhook, () => clock.nowMs());
  const other = 'whsec_b3RoZXItb3RoZXItb3RoZXItb3RoZXI=';
  const hook = openWebhook({ url: `${fake.url}/hook`, secrets: [other, SECRETS.webhook], clock });
  expect(await hook.deliver(noticeMessage(NOTICE), calm)).toEqual(DELIVERED);
  expect(await hook.deliver(noticeMessage(NOTICE), calm)).toEqual(DELIVERED);
  expect(fake.received).toEqual([
    { id: NOTICE.id, type: 'dashover.failover-done', timestamp: NOTICE.at, data: NOTICE },
  ]);
  expect(await hook.deliver(noticeMessage(ENORMOUS), calm)).toEqual(DELIVERED);
  expect(fake.wrong).toEqual([]);
  const stranger = openWebhook({ url: `${fake.url}/hook`, secrets: [other], clock });
  expect(await stranger.deliver(noticeMessage(NOTICE), calm)).toMatchObject({ kind: 'later' });
});

test('Datadog is given a change event and a service check, every field within its limits', async () => {
  await using fake = await openFakeDatadog(SECRETS.apiKey, () => clock.nowMs());
  const datadog = openDatadogEvents({ apiKey: SECRETS.apiKey, site: 'datadoghq.eu', url: fake.url, clock });
  for (const message of [NOTICE, ENORMOUS].map(noticeMessage))
    expect(await datadog.deliver(message, calm)).toEqual(DELIVERED);
  expect(await datadog.deliver(checkMessage(CHECK), calm)).toEqual(DELIVERED);
  expect(fake.wrong).toEqual([]);
  expect(fake.events[0]).toMatchObject({
    title: NOTICE.title,
    aggregation_key: 'job-1',
    attributes: {
      author: { type: 'system', name: 'datadog' },
      prev_value: { position: 'primary' },
      new_value: { position: 'maintenance' },
    },
  });
  expect(fake.checks[0]).toMatchObject({ check: 'dashover.switch', status: 1, tags: ['switch:www'] });
});

test('a heartbeat is a GET, and says why when it is not taken', async () => {
  await using fake = await openFakeHeart(SECRETS.heart);
  expect(await openHeart(fake.hook).beat(calm)).toBeNull();
  expect(fake.beats()).toBe(1);
  const why = await openHeart(`${fake.url}/ping/${SECRETS.heart}-other`).beat(calm);
  expect(why).toBe('the heartbeat URL answered 404 (not found)');
});

/** Every receiver of messages, opened on a fake. */
const RECEIVERS = {
  pagerduty: async () => {
    const fake = await openFakePagerDuty(SECRETS.routingKey);
    return { fake, receiver: openPagerDuty({ routingKey: SECRETS.routingKey, url: fake.url, clock }) };
  },
  slack: async () => {
    const fake = await openFakeSlack(SECRETS.slack);
    return { fake, receiver: openSlack({ url: fake.hook, clock }) };
  },
  webhook: async () => {
    const fake = await openFakeWebhook(SECRETS.webhook, () => clock.nowMs());
    return { fake, receiver: openWebhook({ url: fake.url, secrets: [SECRETS.webhook], clock }) };
  },
  datadog: async () => {
    const fake = await openFakeDatadog(SECRETS.apiKey, () => clock.nowMs());
    return {
      fake,
      receiver: openDatadogEvents({ apiKey: SECRETS.apiKey, site: 'datadoghq.com', url: fake.url, clock }),
    };
  },
};

test.for(Object.entries(RECEIVERS))('%s that is busy or broken is asked again, and when it says', async ([, open]) => {
  const { fake, receiver } = await open();
  onTestFinished(() => fake[Symbol.asyncDispose]());
  for (const status of [408, 429, 500, 503]) {
    fake.weather = () => ({ status, retryAfter: '120' });
    expect(await receiver.deliver(noticeMessage(TRIGGER), calm)).toMatchObject({ kind: 'later', afterMs: 120_000 });
  }
  fake.weather = () => ({ status: 503, retryAfter: new Date(Date.now() + 60_000).toUTCString() });
  const dated = await receiver.deliver(noticeMessage(TRIGGER), calm);
  expect(dated).toMatchObject({ kind: 'later' });
  expect(dated.kind === 'later' && (dated.afterMs ?? 0) > 30_000 && (dated.afterMs ?? 0) <= 60_000).toBe(true);
  fake.weather = () => ({ status: 503, retryAfter: 'soon' });
  expect(await receiver.deliver(noticeMessage(TRIGGER), calm)).toMatchObject({ kind: 'later', afterMs: null });
  fake.weather = () => undefined;
  expect(await receiver.deliver(noticeMessage(TRIGGER), calm)).toEqual(DELIVERED);
});

test.for(Object.entries(RECEIVERS))(
  '%s that refuses a message for what it says is not sent it again',
  async ([, open]) => {
    const { fake, receiver } = await open();
    onTestFinished(() => fake[Symbol.asyncDispose]());
    fake.weather = () => ({ status: 400 });
    expect(await receiver.deliver(noticeMessage(TRIGGER), calm)).toMatchObject({ kind: 'never' });
    fake.weather = () => undefined;
    // The next message is another one.
    expect(await receiver.deliver(noticeMessage(TRIGGER), calm)).toEqual(DELIVERED);
  },
);

const MINUTE = 60_000;
/** The status that says so, what becomes of its messages, and how long it is not asked. */
const GONE = {
  pagerduty: { status: 403, kind: 'later', sparedMs: 10 * MINUTE },
  slack: { status: 410, kind: 'never', sparedMs: 60 * MINUTE },
  webhook: { status: 410, kind: 'never', sparedMs: 60 * MINUTE },
  datadog: { status: 403, kind: 'never', sparedMs: 60 * MINUTE },
} as const;

test.for(Object.entries(RECEIVERS))(
  '%s that takes nothing any more is spared, says so, and is asked again; what calls somebody waits for it',
  async ([name, open]) => {
    const { fake, receiver } = await open();
    onTestFinished(() => fake[Symbol.asyncDispose]());
    const { status, kind, sparedMs } = GONE[name as keyof typeof GONE];
    const wait = kind === 'later' ? { afterMs: sparedMs } : {};
    expect(receiver.trouble?.()).toBeNull();
    fake.weather = () => ({ status });
    expect(await receiver.deliver(noticeMessage(TRIGGER), calm)).toMatchObject({ kind, ...wait });
    fake.weather = () => undefined;
    expect(await receiver.deliver(noticeMessage(RESOLVE), calm)).toMatchObject({ kind, ...wait });
    expect(fake.asked).toHaveLength(1);
    expect(receiver.trouble?.()).toContain(`answered ${status}`);
    await clock.advance(sparedMs);
    expect(receiver.trouble?.()).toBeNull();
    expect(
      await receiver.deliver(noticeMessage({ ...TRIGGER, at: new Date(clock.nowMs()).toISOString() }), calm),
    ).toEqual(DELIVERED);
  },
);

test.for(Object.entries(RECEIVERS))('%s that hangs, or is not there, is a reason in words', async ([, open]) => {
  const { fake, receiver } = await open();
  fake.weather = () => 'hang';
  const over = new AbortController();
  const trying = receiver.deliver(noticeMessage(TRIGGER), over.signal);
  over.abort(new Error('no answer in time'));
  expect(await trying).toMatchObject({ kind: 'later', reason: expect.stringContaining('no answer in time') });
  await fake[Symbol.asyncDispose]();
  expect(await receiver.deliver(noticeMessage(TRIGGER), calm)).toMatchObject({
    kind: 'later',
    reason: expect.stringContaining('the connection is refused'),
  });
});

test('no reason holds a secret, also when the receiver repeats it', async () => {
  const echo = { status: 400 } as const;
  for (const open of Object.values(RECEIVERS)) {
    const { fake, receiver } = await open();
    onTestFinished(() => fake[Symbol.asyncDispose]());
    for (const weather of [echo, { status: 500 }, { status: 403 }]) {
      fake.weather = () => weather;
      expect(JSON.stringify(await receiver.deliver(noticeMessage(TRIGGER), calm))).not.toContain('SECRET');
    }
  }
  await using fake = await openFakePagerDuty('another-key-another-key-another-');
  const pager = openPagerDuty({ routingKey: SECRETS.routingKey, url: fake.url, clock });
  const receipt = JSON.stringify(await pager.deliver(noticeMessage(TRIGGER), calm));
  expect(receipt).toContain('unknown routing_key');
  expect(receipt).not.toContain(SECRETS.routingKey);
});
