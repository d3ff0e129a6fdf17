import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { DatadogSettings } from '../../cloud/intake/datadog-meaning.ts';
import { Job, State } from '../../shared/messages.ts';
import { makePlayedClock, type PlayedClock, settle } from '../engine/clock.ts';
import { makeEndpoint, SECRETS, type TestEndpoint } from './endpoint.ts';

/** A sequence of the text file: its promise, the settings it needs, and its steps. */
export interface Sequence {
  readonly promise: string;
  readonly settings: DatadogSettings;
  /** Moves begin and do not end until `arrive`. */
  readonly slow: boolean;
  readonly steps: readonly Step[];
}

interface Step {
  /** Where it stands in the file, for whoever reads a failure. */
  readonly line: number;
  readonly text: string;
  readonly atMs: number;
  readonly words: readonly string[];
  readonly decisions: readonly string[];
}

const SETTINGS: DatadogSettings = { noData: 'alert', warn: 'ignore', maxAgeMs: 600_000 };

/** Reads the file: a promise at the margin, below it its steps; `#` begins a remark, `with` the settings. */
export function readSequences(path: string): readonly Sequence[] {
  const sequences: { promise: string; settings: DatadogSettings; slow: boolean; steps: Step[] }[] = [];
  for (const [index, raw] of readFileSync(path, 'utf8').split('\n').entries()) {
    const text = raw.trim();
    if (text === '' || text.startsWith('#')) continue;
    const last = sequences.at(-1);
    if (!raw.startsWith(' ')) sequences.push({ promise: text, settings: SETTINGS, slow: false, steps: [] });
    else if (last && text.startsWith('with ')) Object.assign(last, settingsOf(text, index + 1));
    else last?.steps.push(stepOf(text, index + 1));
  }
  return sequences;
}

function settingsOf(text: string, line: number): { settings?: DatadogSettings; slow?: boolean } {
  if (text === 'with slow moves') return { slow: true };
  const [, seconds] = /^with maxAge: (\d+)s$/.exec(text) ?? [];
  if (seconds !== undefined) return { settings: { ...SETTINGS, maxAgeMs: Number(seconds) * 1_000 } };
  const [, key, value] = /^with (noData|warn): (alert|ignore)$/.exec(text) ?? [];
  if (key === undefined) throw new Error(`line ${line}: ${text} is no setting`);
  return { settings: { ...SETTINGS, [key]: value } };
}

function stepOf(text: string, line: number): Step {
  const [, at, asked, decisions] = /^(\d+:\d\d) +(.+?) +-> +(.+)$/.exec(text) ?? [];
  if (at === undefined || asked === undefined || decisions === undefined) {
    throw new Error(`line ${line}: a step is "m:ss  what is sent  ->  what is decided", not ${text}`);
  }
  const words = [...asked.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''));
  return { line, text, atMs: timeOf(at), words, decisions: decisions.split(/ *; */) };
}

function timeOf(text: string): number {
  const [minutes = '', seconds = ''] = text.split(':');
  return (Number(minutes) * 60 + Number(seconds)) * 1_000;
}

const START_MS = Date.UTC(2026, 10, 22, 12);

interface Stage {
  readonly endpoint: TestEndpoint;
  readonly clock: PlayedClock;
  readonly url: string;
  /** The job of the last 202. */
  jobId: string | undefined;
  count: number;
}

/** Plays a sequence through the real server and engine; only time, and the move itself, are played. */
export async function play(sequence: Sequence): Promise<void> {
  const clock = makePlayedClock(START_MS);
  await using endpoint = await makeEndpoint({
    clock,
    gated: sequence.slow,
    http: { datadog: sequence.settings },
  });
  const stage: Stage = { endpoint, clock, url: await endpoint.listen(), jobId: undefined, count: 0 };
  for (const step of sequence.steps) {
    const aheadMs = START_MS + step.atMs - clock.nowMs();
    expect(aheadMs, `line ${step.line}: time does not go back`).toBeGreaterThanOrEqual(0);
    await clock.advance(aheadMs);
    const answer = await send(stage, step);
    await rest(stage, sequence.slow);
    for (const decision of step.decisions) await check(stage, step, decision, answer);
    if (answer?.status === 202) stage.jobId = idOf(answer);
  }
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function send(stage: Stage, step: Step): Promise<Answer | undefined> {
  const [first = '', ...rest] = step.words;
  switch (first) {
    case 'look':
      return undefined;
    case 'arrive':
      stage.endpoint.gate.open();
      await stage.clock.until(
        async () => (await stage.endpoint.engine.jobs({ status: 'running', limit: 1 })).length === 0,
      );
      return undefined;
    case 'human':
      return post(stage, `/api/switches/www/${rest[0]}`, 'application/json', bodyOf(rest.slice(1)), SECRETS.ops);
    case 'clear':
      return post(
        stage,
        '/api/switches/www/alerts/clear',
        'application/json',
        JSON.stringify({ key: rest[0] }),
        SECRETS.ops,
      );
    default:
      return sendWebhook(stage, step);
  }
}

/** `reason=deploy` as JSON. */
function bodyOf(words: readonly string[]): string {
  return JSON.stringify(Object.fromEntries(words.map((word) => word.split('='))));
}

/** `Triggered monitor=1 group=host:a cycle=c1 dated=0:30 to=/restore as=form`; `default` for Datadog's own payload. */
async function sendWebhook(stage: Stage, { words, line }: Step): Promise<Answer> {
  stage.count += 1;
  const options = new Map<string, string>();
  const transition: string[] = [];
  for (const word of words) {
    const at = word.indexOf('=');
    if (at > 0) options.set(word.slice(0, at), word.slice(at + 1));
    else transition.push(word);
  }
  const take = (name: string, otherwise: string): string => {
    const value = options.get(name) ?? otherwise;
    options.delete(name);
    return value;
  };
  const name = take('switch', 'www');
  const path = `/webhooks/datadog/${name}${take('to', '')}`;
  const form = take('as', 'json') === 'form';
  const secret = take('token', SECRETS.datadog);
  const payload = payloadOf(stage, transition.join(' '), take);
  const extra = Object.fromEntries(options);
  const whole = { ...payload, ...extra };
  expect(path, `line ${line}`).toMatch(/^\/webhooks\/datadog\/[a-z]+(\/failover|\/restore)?$/);
  return form
    ? post(stage, path, 'application/x-www-form-urlencoded', String(new URLSearchParams(whole)), secret)
    : post(stage, path, 'application/json', JSON.stringify(whole), secret);
}

/** As Datadog fills in the recommended payload: every value a text, what is not known empty. */
function payloadOf(
  { clock, count }: Stage,
  word: string,
  take: (name: string, otherwise: string) => string,
): Record<string, string> {
  const transition = word === 'nothing' ? '' : word;
  const dated = take('dated', '');
  const date = String(dated === '' ? clock.nowMs() : dated === 'unknown' ? '' : START_MS + timeOf(dated));
  const title = take('title', `[${transition}] Web is down`);
  const event = take('event', `event-${count}`);
  const org = '{"id":"7","name":"Example"}';
  if (word === 'default') {
    const defaultTitle = title === '[default] Web is down' ? '[Triggered] Web is down' : title;
    return {
      body: '%%%\nThe web is down @webhook-dashover-www\n%%%',
      last_updated: date,
      event_type: 'metric_alert_monitor',
      title: defaultTitle,
      date,
      org,
      id: event,
    };
  }
  const recovered = /^recovered/i.test(transition);
  return {
    event_id: event,
    transition,
    alert_type: take('type', recovered ? 'success' : 'error'),
    cycle_key: take('cycle', ''),
    monitor_id: take('monitor', '1'),
    scope: take('group', ''),
    priority: 'P1',
    host: '',
    title,
    text: 'The web is down',
    link: 'https://app.datadoghq.com/monitors/1',
    snapshot: '',
    date_ms: date,
    last_updated: date,
    org_id: '7',
  };
}

async function post({ url }: Stage, path: string, type: string, body: string, secret: string): Promise<Answer> {
  const authorization = `Bearer ${secret}`;
  const response = await fetch(url + path, { method: 'POST', headers: { 'content-type': type, authorization }, body });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

/** Everything that follows from the last step without time has happened. */
async function rest({ endpoint, clock }: Stage, slow: boolean): Promise<void> {
  await settle();
  if (slow) return;
  await clock.until(async () => (await endpoint.engine.jobs({ status: 'running', limit: 1 })).length === 0);
}

async function stateOf({ url }: Stage): Promise<State> {
  const headers = { authorization: `Bearer ${SECRETS.ops}` };
  return State.parse(await (await fetch(`${url}/api/switches/www`, { headers })).json());
}

/** One decision of a step: an answer, a text, or the state of www that follows. */
async function check(stage: Stage, step: Step, decision: string, answer: Answer | undefined): Promise<void> {
  const where = `line ${step.line}: ${step.text}`;
  const [first = '', ...rest] = decision.split(/ +/);
  if (/^\d{3}$/.test(first)) checkAnswer(answer, first, rest, where);
  else if (first === 'same') expect(idOf(answer), `at ${where}`).toBe(stage.jobId);
  else if (first === 'another') expect(idOf(answer), `at ${where}`).not.toBe(stage.jobId);
  else if (first.startsWith('/')) expect(textOf(answer), `at ${where}`).toMatch(new RegExp(decision.slice(1, -1)));
  else if (first === 'at') expect((await stateOf(stage)).position, `at ${where}`).toBe(rest[0]);
  else if (first === 'held') expect((await stateOf(stage)).hold, `at ${where}`).not.toBeNull();
  else if (first === 'open') {
    const keys = (await stateOf(stage)).alerts.map(({ key }) => key);
    expect(keys.toSorted(), `at ${where}`).toEqual(rest.filter((key) => key !== 'none').toSorted());
  } else if (first === 'acknowledged') {
    const keys = (await stateOf(stage)).alerts.filter(({ acknowledged }) => acknowledged).map(({ key }) => key);
    expect(keys, `at ${where}`).toEqual(rest);
  } else throw new Error(`${where}: ${decision} is no decision`);
}

function checkAnswer(answer: Answer | undefined, status: string, words: readonly string[], where: string): void {
  const body = JSON.stringify(answer?.body);
  expect(answer?.status, `${where}\n${body}`).toBe(Number(status));
  if (answer === undefined) return;
  if (status === '202') {
    const job = Job.parse(answer.body);
    const [command, state] = words;
    expect(job.command, `at ${where}`).toBe(command);
    if (state !== undefined) expect(job.status, `at ${where}`).toBe(state);
  } else if (status === '200' && 'status' in answer.body) {
    expect(answer.body['status'], `${where}\n${body}`).toBe(words[0]);
    expect(textOf(answer), `at ${where}`).toMatch(/^[A-Z"].*\.$/);
  } else if (status !== '200') {
    const { error } = answer.body as { error: { code: string; message: string; hint: string } };
    expect(error.code, `at ${where}`).toBe(words[0]);
    expect(error.hint, `at ${where}`).toMatch(/\.$/);
  }
}

function idOf(answer: Answer | undefined): string | undefined {
  return typeof answer?.body['id'] === 'string' ? answer.body['id'] : undefined;
}

function textOf(answer: Answer | undefined): string {
  const { text, error } = (answer?.body ?? {}) as { text?: string; error?: { message: string; hint: string } };
  return text ?? `${error?.message} ${error?.hint}`;
}
