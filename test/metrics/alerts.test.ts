import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { ZONE } from '../world/world-file.ts';
import { allTold, buttonOnline, isAt, settled, type Stage, type StageOptions, startStage } from './stage.ts';
import { needsPromtool, promtool, RULES, saidAgainst } from './promtool.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const open: AsyncDisposable[] = [];
afterEach(async () => {
  while (open.length > 0) await open.pop()?.[Symbol.asyncDispose]();
});

const MINUTE_MS = 60_000;
const TRIGGERS = { www: '4b0c6f3e5d2a41f7a9e0b1c2d3e4f5a6', api: '5b0c6f3e5d2a41f7a9e0b1c2d3e4f5a6' };
const triggersYaml = Object.entries(TRIGGERS).map(
  ([name, id]) =>
    `  - { id: ${id}, secret: secret-of-the-trigger-${name}, switch: ${name}, command: failover, automatic: true }`,
);

interface Situation extends StageOptions {
  /** Plays it, and gives the text that Prometheus scrapes then; undefined when nothing answers. */
  readonly play: (stage: Stage) => Promise<string | undefined>;
  /** How long Prometheus goes on scraping the same. */
  readonly minutes: number;
  readonly alerts: readonly string[];
}

const failedOver = async (stage: Stage): Promise<string> => {
  await stage.command('www', 'failover');
  return stage.scrapeUntil((text) => isAt(text, 'www', 'maintenance') && allTold(text));
};

/** A count of at least so many. */
const counted = (text: string, series: string, atLeast: number): boolean => {
  const found = text.split('\n').find((line) => line.startsWith(`${series} `));
  return Number(found?.split(' ').at(-1) ?? 0) >= atLeast;
};

const SITUATIONS: Readonly<Record<string, Situation>> = {
  'the endpoint is down': {
    async play(stage) {
      await stage.stop();
      return stage.scrape();
    },
    minutes: 2,
    alerts: ['DashoverDown'],
  },
  'the broker is away': {
    async play(stage) {
      await stage.broker.stop();
      stage.jump(3_000);
      return stage.scrapeUntil((text) => text.includes('dashover_ready{check="mqtt"} 0'));
    },
    minutes: 3,
    alerts: ['DashoverNotReady'],
  },
  'automation moved more switches than it may': {
    switches: ['www', 'api'],
    yaml: `automation: { maxSwitches: 1 }\ntriggers:\n${triggersYaml.join('\n')}`,
    async play(stage) {
      for (const [name, id] of Object.entries(TRIGGERS)) {
        const headers = { authorization: `CAAuth secret-of-the-trigger-${name}` };
        await fetch(`${stage.url}/trigger/${id}`, { method: 'POST', headers });
        if (name === 'www') await stage.scrapeUntil((text) => isAt(text, 'www', 'maintenance'));
      }
      return stage.scrapeUntil((text) => text.includes('{switch="api",automation="tripped"} 1'));
    },
    minutes: 1,
    alerts: ['DashoverFailedOver', 'DashoverTripped'],
  },
  'the records equal no position': {
    async play(stage) {
      const old = stage.route53.records(ZONE.id).find(({ name }) => name.startsWith('www.'));
      if (!old) throw new Error('the zone has no record of www');
      stage.route53.edit(ZONE.id, [{ action: 'UPSERT', set: { ...old, values: ['192.0.2.99'] } }]);
      // It is read again now and then.
      stage.jump(5 * MINUTE_MS);
      await buttonOnline(stage);
      return stage.scrapeUntil((text) => isAt(text, 'www', 'drifted'));
    },
    minutes: 6,
    alerts: ['DashoverDrift'],
  },
  'the records could not be read since the start': {
    prepare: (route53) => route53.weather({ kind: 'access-denied', times: 1_000 }),
    async play(stage) {
      await buttonOnline(stage);
      stage.jump(3_000);
      return stage.scrapeUntil(
        (text) => isAt(text, 'www', 'unknown') && text.includes('dashover_ready{check="mqtt"} 1'),
      );
    },
    minutes: 11,
    alerts: ['DashoverNotReady', 'DashoverPositionUnknown'],
  },
  'a switch has moved': { play: failedOver, minutes: 5, alerts: ['DashoverFailedOver'] },
  'a switch has been failed over for half a day': {
    play: failedOver,
    minutes: 241,
    alerts: ['DashoverFailedOver', 'DashoverFailedOverForLong'],
  },
  'a hold was forgotten': {
    async play(stage) {
      await stage.api('/api/switches/www/hold', { reason: 'the disk is being changed' });
      stage.jump(25 * 60 * MINUTE_MS);
      return stage.scrapeUntil(allTold);
    },
    minutes: 1,
    alerts: ['DashoverHoldForgotten'],
  },
  'a job failed': {
    async play(stage) {
      stage.route53.weather({ kind: 'access-denied', operation: 'ChangeResourceRecordSets', times: 1_000 });
      const moving = stage.command('www', 'failover');
      await stage.scrapeUntil((text) =>
        counted(text, 'dashover_route53_calls_total{operation="change",result="denied"}', 1),
      );
      stage.jump(11 * MINUTE_MS);
      await moving;
      return stage.scrapeUntil(
        (text) => counted(text, 'dashover_job_failures_total{switch="www",command="failover"}', 1) && allTold(text),
      );
    },
    minutes: 1,
    alerts: ['DashoverJobFailed'],
  },
  'a drill failed': {
    async play(stage) {
      stage.route53.weather({ kind: 'access-denied', operation: 'ListResourceRecordSets', times: 1_000 });
      const drilling = stage.command('www', 'drill');
      await stage.scrapeUntil((text) =>
        counted(text, 'dashover_route53_calls_total{operation="read",result="denied"}', 1),
      );
      stage.jump(11 * MINUTE_MS);
      await drilling;
      return stage.scrapeUntil(
        (text) => counted(text, 'dashover_job_failures_total{switch="www",command="drill"}', 1) && allTold(text),
      );
    },
    minutes: 1,
    alerts: ['DashoverDrillFailed'],
  },
  'a job does not end': {
    async play(stage) {
      stage.route53.setInsyncAfter(3_600_000);
      await stage.api('/api/switches/www/failover', {});
      await stage.scrapeUntil((text) => isAt(text, 'www', 'moving'));
      stage.jump(6 * MINUTE_MS);
      return stage.scrapeUntil((text) => isAt(text, 'www', 'moving') && allTold(text));
    },
    minutes: 1,
    alerts: ['DashoverJobRunsLong'],
  },
  'the broker acknowledges nothing': {
    async play(stage) {
      stage.broker.handle('hold');
      await stage.api('/api/switches/www/hold', {});
      await stage.scrapeUntil((text) => !allTold(text));
      stage.jump(10 * MINUTE_MS);
      return stage.scrape();
    },
    minutes: 2,
    alerts: ['DashoverMessagesWait'],
  },
  'the chat has been removed': {
    yaml: "notify: [{ kind: slack, url: 'https://hooks.slack.example/services/x' }]",
    receivers: { slack: { deliver: async () => ({ kind: 'never', reason: 'Slack answered 404' }) } },
    async play(stage) {
      await stage.command('www', 'drill');
      return stage.scrapeUntil((text) =>
        counted(text, 'dashover_deliveries_total{receiver="slack",result="never"}', 1),
      );
    },
    minutes: 1,
    alerts: ['DashoverMessagesDropped'],
  },
  'Route 53 refuses for rate': {
    async play(stage) {
      const times = 8;
      stage.route53.weather({ kind: 'throttling', operation: 'ChangeResourceRecordSets', times });
      const moving = stage.command('www', 'failover');
      const series = 'dashover_route53_calls_total{operation="change",result="throttled"}';
      for (let seen = 1; seen <= times; seen++) {
        await stage.scrapeUntil((text) => counted(text, series, seen));
        stage.jump(MINUTE_MS / 2);
      }
      await moving;
      return stage.scrapeUntil((text) => isAt(text, 'www', 'maintenance') && allTold(text));
    },
    minutes: 1,
    alerts: ['DashoverFailedOver', 'DashoverRoute53Throttled'],
  },
  'a button is offline': {
    async play(stage) {
      await stage.broker.publish('dashover/v1/devices/lobby/presence', '{"online":false,"session":"1"}');
      return stage.scrapeUntil((text) => text.includes('dashover_device_online{device="lobby"} 0'));
    },
    minutes: 6,
    alerts: ['DashoverDeviceOffline'],
  },
  'a button has not drilled for too long': {
    async play(stage) {
      stage.jump(31 * 24 * 60 * MINUTE_MS);
      await buttonOnline(stage);
      return stage.scrapeUntil(allTold);
    },
    minutes: 61,
    alerts: ['DashoverDrillOverdue'],
  },
  'a button that drills every quarter has not drilled for longer than jobs are kept': {
    drillEvery: '90d',
    async play(stage) {
      stage.jump(31 * 24 * 60 * MINUTE_MS);
      await buttonOnline(stage);
      const text = await stage.scrapeUntil(allTold);
      // As the next endpoint says that starts: the job of the drill is gone.
      return text.replace(/^(dashover_device_last_drill_age_seconds\{device="lobby"\}) .*$/m, '$1 +Inf');
    },
    minutes: 61,
    alerts: [],
  },
  'somebody guesses secrets': {
    async play(stage) {
      for (let i = 0; i < 25; i++) await stage.api('/api/switches', undefined, `guess-${i}`);
      return stage.scrape();
    },
    minutes: 1,
    alerts: ['DashoverWrongSecrets'],
  },
  'somebody talks nonsense over MQTT': {
    async play(stage) {
      for (let i = 0; i < 25; i++) await stage.broker.publish('dashover/v1/switches/www/command', 'open sesame');
      return stage.scrapeUntil((text) => counted(text, 'dashover_mqtt_errors_total{code="malformed"}', 25));
    },
    minutes: 1,
    alerts: ['DashoverNonsenseOnMqtt'],
  },
};

test.for(Object.entries(SITUATIONS))('when %s, just the alerts fire that say so', async ([, situation], { skip }) => {
  await needsPromtool(skip);
  const { play, minutes, alerts, ...options } = situation;
  const isWellAtFirst = options.prepare === undefined;
  const stage = await startStage(options);
  open.push(stage);
  const well = isWellAtFirst ? await (minutes > 60 ? drilled(stage) : settled(stage)) : '';
  const now = await play(stage);
  expect(await saidAgainst(alerts, { well, now, minutes })).toBe('');
});

/** All is well, also for whoever looks an hour later: the button has drilled. */
async function drilled(stage: Stage): Promise<string> {
  await settled(stage);
  await stage.broker.publish('dashover/v1/devices/lobby/command', 'drill');
  await stage.scrapeUntil((text) => /^dashover_jobs_total\{.*outcome="drilled"\} 1$/m.test(text));
  // Drills are looked up once a minute.
  stage.jump(MINUTE_MS);
  return stage.scrapeUntil((text) => /dashover_device_last_drill_age_seconds\{device="lobby"\} [\d.]+$/m.test(text));
}

test('every rule fires in a situation above, and none without one', async ({ skip }) => {
  await needsPromtool(skip);
  expect(await promtool(['check', 'rules', RULES])).toMatchObject({ ok: true });
  const { groups } = parse(readFileSync(RULES, 'utf8')) as { groups: { rules: { alert: string }[] }[] };
  const rules = groups.flatMap((group) => group.rules.map(({ alert }) => alert));
  const played = new Set(Object.values(SITUATIONS).flatMap(({ alerts }) => alerts));
  expect([...played].toSorted()).toEqual(rules.toSorted());
});
