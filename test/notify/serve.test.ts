import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Road, openRoad, until } from '../road/road.ts';
import { openFakeHeart, type FakeHeart } from '../world/receivers/heart.ts';
import { openFakePagerDuty, type FakePagerDuty } from '../world/receivers/pagerduty.ts';
import { openFakeWebhook, type FakeWebhook } from '../world/receivers/webhook.ts';
import { SECRETS } from './samples.ts';

vi.setConfig({ testTimeout: 120_000 });

let road: Road;
let pager: FakePagerDuty;
let hook: FakeWebhook;
let heart: FakeHeart;
const parts = new AsyncDisposableStack();

beforeAll(async () => {
  pager = parts.use(await openFakePagerDuty(SECRETS.routingKey));
  hook = parts.use(await openFakeWebhook(SECRETS.webhook));
  heart = parts.use(await openFakeHeart(SECRETS.heart));
  road = parts.use(await openRoad({ insyncAfterMs: 200 }));
  await road.configure((file) =>
    Object.assign(file, {
      notify: [
        { kind: 'pagerduty', routingKey: SECRETS.routingKey, url: pager.url },
        { kind: 'webhook', url: `${hook.url}/in`, secret: SECRETS.webhook },
        { kind: 'heartbeat', url: heart.hook, every: '10s' },
      ],
    }),
  );
}, 120_000);
afterAll(() => parts.disposeAsync());

const kinds = (): unknown[] => hook.received.map(({ data }) => data['kind']);

test('an endpoint as it is served calls, tells and releases, over a kill in the middle, and beats while all is well', async () => {
  // Bad luck at first, so that there is something to complain of in the log.
  let unlucky = 2;
  pager.weather = () => (unlucky-- > 0 ? { status: 500 } : undefined);
  const failover = await road.ask('failover');
  await until('the page', () => pager.open().includes(failover.id));
  await road.kill();
  await road.start();
  await road.ended(failover.id);
  const restore = await road.ask('restore');
  await road.ended(restore.id);
  await until('the resolve', () => pager.open().length === 0);
  expect(new Set(pager.received.map(({ dedup_key }) => dedup_key))).toEqual(new Set([failover.id]));
  await until('the end of the story', () => kinds().includes('restored'));
  expect(kinds()[0]).toBe('failover-begun');
  expect([...pager.wrong, ...hook.wrong]).toEqual([]);
  await until('the heartbeat', () => heart.beats() > 0, 30_000);
  const said = `${readFileSync(road.world.logFile, 'utf8')}${await (await road.api('/api/audit?limit=1000')).text()}`;
  expect(said).toContain('pagerduty did not take a message: PagerDuty answered 500');
  for (const secret of [SECRETS.routingKey, SECRETS.webhook, SECRETS.heart]) expect(said).not.toContain(secret);
});
