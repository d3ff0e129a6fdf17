import { expect, test, vi } from 'vitest';
import { silentLog } from '../../shared/log.ts';
import { settled, startStage } from '../metrics/stage.ts';

vi.setConfig({ testTimeout: 60_000 });

test('the heartbeat of an endpoint is held back while a pager takes nothing at all, and goes out again afterwards', async () => {
  let trouble: string | null = 'PagerDuty answered 403';
  let beats = 0;
  const said: string[] = [];
  const write = (_: object, sentence: string): void => void said.push(sentence);
  await using stage = await startStage({
    yaml: `notify:
  - { kind: pagerduty, routingKey: '${'k'.repeat(32)}' }
  - { kind: heartbeat, url: 'https://hc.example/ping', every: 10s }`,
    receivers: { pagerduty: { deliver: async () => ({ kind: 'delivered' }), trouble: () => trouble } },
    hearts: {
      heartbeat: {
        async beat() {
          beats += 1;
          return null;
        },
      },
    },
    log: { ...silentLog, warn: write },
  });
  await settled(stage);
  const held = 'heartbeat: no heartbeat. pagerduty takes no messages: PagerDuty answered 403.';
  await stage.scrapeUntil(() => {
    stage.jump(5_000);
    return said.includes(held);
  });
  expect(beats).toBe(0);
  trouble = null;
  await stage.scrapeUntil(() => {
    stage.jump(5_000);
    return beats > 0;
  });
});
