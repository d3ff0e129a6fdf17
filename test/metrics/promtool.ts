import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ROOT } from '../house/files.ts';

export const RULES = join(ROOT, 'cloud/deploy/alerts.yml');

interface Said {
  readonly ok: boolean;
  readonly text: string;
}

/** Runs Prometheus' own tool. Rejects when it is not on the machine. */
export function promtool(args: readonly string[], input = ''): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = execFile('promtool', [...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') reject(error);
      else resolve({ ok: error === null, text: stdout + stderr });
    });
    // One that reads nothing may have ended before there is nothing to read.
    child.stdin?.on('error', () => undefined).end(input);
  });
}

/** Skips by name when promtool is missing; where services are required, that is a failure. */
export async function needsPromtool(skip: (note: string) => never): Promise<void> {
  const found = await promtool(['--version']).then(
    () => true,
    () => false,
  );
  if (found) return;
  const how = 'promtool is not on this machine: apt-get install --no-install-recommends prometheus';
  if (process.env['DASHOVER_REQUIRE_SERVICES'] !== undefined) throw new Error(how);
  skip(how);
}

const WELL_MINUTES = 10;

/**
 * What Prometheus would alert about that has scraped `well` every minute for ten minutes, and then `now` for so many
 * more; undefined stands for a scrape that failed. Gives what promtool says against it that nothing fires before, and these
 * alerts, and no others, at the end: nothing when it is so.
 */
export async function saidAgainst(
  alerts: readonly string[],
  { well, now, minutes }: { readonly well: string; readonly now: string | undefined; readonly minutes: number },
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dashover-promtool-'));
  const file = {
    rule_files: [RULES],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: inputSeries(well, now, minutes),
        promql_expr_test: [firing(WELL_MINUTES - 1, []), firing(WELL_MINUTES + minutes, alerts)],
      },
    ],
  };
  try {
    await writeFile(join(folder, 'test.yml'), stringify(file));
    const { ok, text } = await promtool(['test', 'rules', join(folder, 'test.yml')]);
    return ok ? '' : text;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** That these alerts, and no others, are firing at that minute. */
function firing(at: number, expected: readonly string[]): object {
  return {
    expr: 'sort(group by (alertname) (ALERTS{alertstate="firing"}))',
    eval_time: `${at}m`,
    exp_samples: expected.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
  };
}

function inputSeries(well: string, now: string | undefined, minutes: number): object[] {
  const before = samplesOf(well);
  const after = now === undefined ? new Map([['up', '0']]) : samplesOf(now);
  return [...new Set([...before.keys(), ...after.keys()])].map((series) => ({
    series: labelled(series),
    values: `${repeated(before.get(series), WELL_MINUTES)} ${repeated(after.get(series), minutes + 1)}`,
  }));
}

/** The samples of a text, by their series as it is written; `up`, as Prometheus adds it. */
function samplesOf(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const samples = lines.map((line) => {
    const at = line.lastIndexOf(' ');
    return [line.slice(0, at), line.slice(at + 1)] as const;
  });
  return new Map([...samples, ['up', '1']]);
}

/** With the labels that a scrape adds. */
function labelled(series: string): string {
  const target = 'job="dashover",instance="127.0.0.1:8080"';
  return series.endsWith('}') ? `${series.slice(0, -1)},${target}}` : `${series}{${target}}`;
}

function repeated(value: string | undefined, times: number): string {
  return Array<string>(times)
    .fill(value?.replace('+Inf', 'Inf') ?? '_')
    .join(' ');
}
