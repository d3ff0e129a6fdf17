import { afterEach, expect, test, vi } from 'vitest';
import { Fault } from '../../shared/faults.ts';
import { METRICS } from '../../shared/metrics.ts';
import { read } from '../house/files.ts';
import { needsPromtool, promtool } from './promtool.ts';
import { isAt, settled, type Stage, startStage, TOKENS } from './stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const open: AsyncDisposable[] = [];
afterEach(async () => {
  while (open.length > 0) await open.pop()?.[Symbol.asyncDispose]();
});

async function start(options: Parameters<typeof startStage>[0] = {}): Promise<Stage> {
  const stage = await startStage(options);
  open.push(stage);
  return stage;
}

const OURS = /\bdashover_[a-z0-9_]+/g;
/** What Prometheus and the client library add to a name. */
const PARTS = /_(bucket|sum|count)$/;

const nameOf = (series: string): string => (series in METRICS ? series : series.replace(PARTS, ''));

/** Names and labels of all samples. */
function samples(text: string): { readonly name: string; readonly labels: readonly string[] }[] {
  const lines = text.split('\n').filter((line) => line.startsWith('dashover_'));
  return lines.map((line) => ({
    name: nameOf(line.replace(/[{ ].*/, '')),
    labels: Array.from(line.matchAll(/[{,]([a-z_]+)="/g), ([, label = '']) => label).filter((label) => label !== 'le'),
  }));
}

/** A failover, a restore, a drill, a refusal, a wrong secret and nonsense: everything that can be counted has been. */
async function lively(): Promise<{ readonly stage: Stage; readonly text: string }> {
  const stage = await start();
  await settled(stage);
  await stage.command('www', 'failover');
  await stage.command('www', 'restore');
  await stage.command('www', 'drill');
  await stage.api('/api/switches/www/failover', { ageMs: 120_000 });
  await stage.api('/api/switches', undefined, 'guess');
  await stage.broker.publish('dashover/v1/switches/www/command', 'open sesame');
  const text = await stage.scrapeUntil(
    (now) => now.includes('dashover_mqtt_errors_total{code="malformed"} 1') && isAt(now, 'www', 'primary'),
  );
  return { stage, text };
}

test('every metric of the table is answered, with its labels, and no other', async () => {
  const { text } = await lively();
  const answered = new Map(samples(text).map(({ name, labels }) => [name, labels]));
  expect([...answered.keys()].toSorted()).toEqual(Object.keys(METRICS).toSorted());
  for (const [name, { labels }] of Object.entries(METRICS)) {
    expect([name, answered.get(name)?.toSorted()]).toEqual([name, [...labels].toSorted()]);
  }
});

test('the text passes the parser and the rules of Prometheus itself', async ({ skip }) => {
  await needsPromtool(skip);
  const { text } = await lively();
  const said = await promtool(['check', 'metrics'], text);
  expect(said).toEqual({ ok: true, text: '' });
});

test.for(Object.entries(METRICS))('%s is explained in the reference', ([name, { kind, labels, help }]) => {
  const shown = labels.map((label) => `\`${label}\``).join(', ');
  expect(read('cloud/README.md')).toContain(`| \`${name}\` | ${kind} | ${shown} | ${help} |`);
});

test.for(['cloud/deploy/grafana.json', 'cloud/deploy/alerts.yml'])('every metric that %s names exists', (path) => {
  const named = new Set(Array.from(read(path).matchAll(OURS), ([name]) => nameOf(name)));
  expect(named.size).toBeGreaterThan(5);
  expect([...named].filter((name) => !(name in METRICS))).toEqual([]);
});

test('the dashboard shows every metric', () => {
  const shown = new Set(Array.from(read('cloud/deploy/grafana.json').matchAll(OURS), ([name]) => nameOf(name)));
  expect(Object.keys(METRICS).filter((name) => !shown.has(name))).toEqual([]);
});

test('a look takes a token for all switches, which may do nothing; others are refused', async () => {
  const stage = await start();
  const api: Stage['api'] = (...asked) => stage.api(...asked);
  expect((await fetch(`${stage.url}/metrics`)).status).toBe(401);
  expect((await api('/metrics', undefined, 'guess')).status).toBe(401);
  expect((await api('/metrics', undefined, TOKENS.www)).status).toBe(403);
  const answer = await api('/metrics', undefined, TOKENS.watcher);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  expect((await api('/api/switches/www/failover', {}, TOKENS.watcher)).status).toBe(403);
});

test('no secret, job, command or address is a label, and strangers cannot make series', async () => {
  const { stage, text } = await lively();
  const before = samples(text).length;
  for (let i = 0; i < 30; i++) {
    await stage.api(`/api/nothing-${i}`);
    await stage.api(`/api/switches/www/failover`, { id: `command-${i}`, ageMs: 120_000 }, TOKENS.ops);
    await stage.api(`/api/switches`, undefined, `guess-${i}`);
    await stage.broker.publish(`dashover/v1/switches/unknown-${i}/command`, 'failover');
    await stage.broker.publish(`dashover/v1/devices/unknown-${i}/command`, 'failover');
  }
  const after = await stage.scrapeUntil((now) => /dashover_mqtt_errors_total\{code="unknown-device"\} 30/.test(now));
  // One each for the unknown paths, for the guesses that are slowed, and for the codes that were not seen before.
  expect(samples(after).length - before).toBeLessThan(12);
  const { jobs } = (await (await stage.api('/api/jobs')).json()) as { jobs: { id: string }[] };
  const strange = ['guess', 'unknown-1', 'command-1', 'nothing-1', '127.0.0.1', ...jobs.map(({ id }) => id)];
  expect([...strange, ...Object.values(TOKENS)].filter((word) => after.includes(word))).toEqual([]);
});

test('a failover is counted once: job, steps, calls and acceptance', async () => {
  const stage = await start();
  await settled(stage);
  await stage.command('www', 'failover');
  const text = await stage.scrapeUntil((now) => isAt(now, 'www', 'maintenance'));
  const wanted = [
    'dashover_jobs_total{switch="www",command="failover",trigger="api",status="succeeded",outcome="switched"} 1',
    ...['read', 'plan', 'change', 'settle'].map(
      (step) => `dashover_step_seconds_count{step="${step}",status="succeeded"} 1`,
    ),
    'dashover_route53_calls_total{operation="change",result="ok"} 1',
    'dashover_accept_seconds_count{trigger="api"} 1',
    'dashover_switch_automation{switch="www",automation="held"} 1',
    'dashover_incident_open{switch="www"} 1',
  ];
  const lines = text.split('\n');
  expect(wanted.filter((line) => !lines.includes(line))).toEqual([]);
});

test('while the store is away, what was counted is answered, and that it is away', async () => {
  let isAway = false;
  const call = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
    if (isAway) throw new Fault('store-unavailable', 'The database does not answer.');
    return ask();
  };
  const stage = await start({
    store: (store) => ({
      ...store,
      lane: (name) => call(() => store.lane(name)),
      jobs: (filter) => call(() => store.jobs(filter)),
      ping: () => call(() => store.ping()),
    }),
  });
  await settled(stage);
  await stage.command('www', 'failover');
  await stage.scrapeUntil((now) => isAt(now, 'www', 'maintenance'));
  isAway = true;
  stage.jump(3_000);
  const text = await stage.scrapeUntil((now) => now.includes('dashover_ready{check="store"} 0'));
  expect(text).toContain('dashover_route53_calls_total{operation="change",result="ok"} 1');
  expect(text).toMatch(/dashover_store_errors_total\{operation="read"\} [1-9]/);
  expect(text).not.toContain('dashover_switch_position{');
  isAway = false;
  stage.jump(3_000);
  await stage.scrapeUntil((now) => isAt(now, 'www', 'maintenance') && now.includes('dashover_ready{check="store"} 1'));
});
