import { expect, test } from 'vitest';
import { openDatadogEvents } from '../../cloud/adapters/datadog-events.ts';
import { openHeart } from '../../cloud/adapters/heartbeat.ts';
import { openPagerDuty } from '../../cloud/adapters/pagerduty.ts';
import { openSlack } from '../../cloud/adapters/slack.ts';
import { openWebhook } from '../../cloud/adapters/webhook.ts';
import type { Receiver } from '../../cloud/ports.ts';
import { makePlayedClock } from '../engine/clock.ts';
import { type Asked, openFake } from '../world/receivers/fake.ts';
import { NOTICE, noticeMessage, SECRETS, TRIGGER } from './samples.ts';

const clock = makePlayedClock(Date.parse(NOTICE.at));
const calm = new AbortController().signal;

const PATH = '/hooks/SECRET%20in%20path/in';
const QUERY = '?token=SECRET%2Bin%2fquery&user=SECRET+of+a+user';

const said = (receiver: Receiver) => async (): Promise<string> => {
  const receipt = await receiver.deliver(noticeMessage(TRIGGER), calm);
  return receipt.kind === 'delivered' ? '' : receipt.reason;
};

/** What each kind says of a receiver at that URL. */
const KINDS = {
  webhook: (base: string) => said(openWebhook({ url: `${base}${PATH}${QUERY}`, secrets: [SECRETS.webhook], clock })),
  slack: (base: string) => said(openSlack({ url: `${base}${PATH}${QUERY}`, clock })),
  pagerduty: (base: string) =>
    said(openPagerDuty({ routingKey: SECRETS.routingKey, url: `${base}${PATH}${QUERY}`, clock })),
  datadog: (base: string) =>
    said(openDatadogEvents({ apiKey: SECRETS.apiKey, site: 'datadoghq.com', url: `${base}${PATH}`, clock })),
  heartbeat: (base: string) => async () => (await openHeart(`${base}${PATH}${QUERY}`).beat(calm)) ?? '',
};

const html = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');

/** As servers that know no such page repeat what they were asked. */
const ECHOES: Readonly<Record<string, (asked: URL, path: string) => string>> = {
  'as Express does': (_, path) => `<pre>Cannot POST ${html(path)}</pre>`,
  decoded: ({ pathname, searchParams }) =>
    `no route ${decodeURIComponent(pathname)} ${[...searchParams].map((pair) => pair.join(': ')).join(', ')}`,
  'in parts': ({ pathname, search }) =>
    JSON.stringify({ path: pathname.split('/'), query: search.slice(1).split('&') }),
  'encoded anew': ({ pathname, searchParams }) =>
    `to ${encodeURIComponent(decodeURIComponent(pathname))} ${[...searchParams.values()].map(encodeURIComponent).join(' ')}`,
  'as one URL': ({ href }) => `nothing at ${href}`,
};

const EVERY = Object.keys(KINDS).flatMap((kind) => Object.keys(ECHOES).map((echo) => [kind, echo] as const));

test.for(EVERY)('no part of the URL of a %s gets into a reason when it is repeated %s', async ([kind, echo]) => {
  await using fake = await openFake(({ path }: Asked) => {
    const body = ECHOES[echo]?.(new URL(path, fake.url), path) ?? '';
    return { status: 404, body };
  });
  const reason = await KINDS[kind as keyof typeof KINDS](fake.url)();
  expect(reason).toContain('answered 404 (');
  expect(reason).not.toContain('SECRET');
});

test('what a receiver without a secret says is repeated as it is', async () => {
  await using fake = await openFake(() => ({ status: 400, body: 'see http://example.com/ and/or 127.0.0.1' }));
  const hook = said(openWebhook({ url: `${fake.url}/?v=1`, secrets: [SECRETS.webhook], clock }));
  expect(await hook()).toBe('the webhook answered 400 (see http://example.com/ and/or 127.0.0.1)');
});
