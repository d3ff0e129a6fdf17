import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { childEnv } from '../child-env.ts';
import { openBroker } from './broker.ts';
import { playEndpoint } from './endpoint-played.ts';
import { until } from './until.ts';

// Each test starts processes, on machines that may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });

const BIN = fileURLToPath(new URL('../../device/bin/dashover-button', import.meta.url));

interface Running extends AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  out(): string;
  code(): Promise<number | null>;
}

function start(...words: string[]): Running {
  const child = spawn(BIN, words, { cwd: '/', env: childEnv() });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    out: () => text,
    code: () => ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const flags = (url: string): string[] => ['--url', url, '--switch', 'www', '--device', 'lobby'];

test('lines on standard input press the button; the end of input waits for the last one, and exits 0', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await using button = start('run', ...flags(broker.url));
  await until('at primary', () => button.out().includes('PRIMARY: www is at primary.'));
  button.child.stdin.write('hold\nfly\n');
  await until('failed over', () => button.out().includes('FAILED OVER: www is at maintenance.'));
  expect(button.out()).toContain('"fly" means nothing here.');
  button.child.stdin.end('click-hold\n');
  expect(await button.code()).toBe(0);
  expect(button.out().trimEnd()).toMatch(/PRIMARY: www is at primary\.\nOFF$/);
  expect(endpoint.heard.map(({ command }) => command)).toEqual(['failover', 'restore']);
  await until('goodbye', () => endpoint.presences.at(-1)?.online === false);
});

test('the finger alone will do: down, a second, up', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await using button = start('run', ...flags(broker.url));
  await until('at primary', () => button.out().includes('PRIMARY: '));
  button.child.stdin.write('down\n');
  await until('long enough', () => button.out().includes('LET GO: '));
  expect(endpoint.heard).toEqual([]);
  button.child.stdin.write('up\n');
  await until('failed over', () => button.out().includes('FAILED OVER: '));
});

test('SIGTERM ends it at once with the lamp off, and a press that nobody heard exits 1', async () => {
  await using broker = await openBroker();
  await using first = start('run', ...flags(broker.url));
  await until('connected', () => first.out().includes('CONNECTED: '));
  first.child.kill('SIGTERM');
  expect(await first.code()).toBe(0);
  expect(first.out()).toMatch(/OFF\n$/);
  await broker.away();
  await using check = start('check', ...flags(broker.url));
  expect(await check.code()).toBe(1);
  expect(check.out()).toMatch(/BAD tcp +Nothing listens there/);
});

test('check walks the whole road as the button itself, to a drill that the endpoint has ended, and tells each layer', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await using check = start('check', ...flags(broker.url));
  expect(await check.code()).toBe(0);
  expect(check.out()).toMatch(
    /ok +tcp .*\nok +mqtt +The broker lets "lobby" in over MQTT 3\.1\.1, without TLS\.\nok +topics .*\nok +endpoint +Its last word: www is at primary\.\nok +drill .*\n$/,
  );
  expect(endpoint.heard.map(({ command, reason }) => [command, reason])).toEqual([['drill', 'dashover-button check']]);
  await using again = start('check', ...flags(broker.url), '--no-drill', '--json');
  expect(await again.code()).toBe(0);
  const told = JSON.parse(again.out()) as { ok: boolean; findings: { name: string }[] };
  expect([told.ok, told.findings.at(-1)?.name]).toEqual([true, 'endpoint']);
  expect(endpoint.heard).toHaveLength(1);
});

test('check asks the button that runs how it is, and leaves its connection alone', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await using button = start('run', ...flags(broker.url));
  await until('at primary', () => button.out().includes('PRIMARY: '));
  await using check = start('check', ...flags(broker.url));
  expect(await check.code()).toBe(0);
  expect(check.out()).toMatch(
    /ok +running +The button runs \(process \d+\), and its lamp says: PRIMARY: www is at primary\.\n/,
  );
  expect(check.out()).toMatch(/\n- +mqtt +Not tried: .*\n$/);
  expect(endpoint.presences).toHaveLength(1);
  expect(button.out()).not.toContain('OFFLINE: No connection to');
  await using second = start('run', ...flags(broker.url));
  await until('said', () => second.out().includes('Warning: Another process of this machine connects as "lobby"'));
});

test('a button that runs and has heard of no endpoint is no good sign for check', async () => {
  await using broker = await openBroker();
  await using button = start('run', ...flags(broker.url));
  await until('connected', () => button.out().includes('CONNECTED: '));
  await using check = start('check', ...flags(broker.url));
  expect(await check.code()).toBe(1);
  expect(check.out()).toMatch(
    /BAD +running +The button runs .*The endpoint has not told the state of the switch yet\./,
  );
});

test('wrong use and a wrong configuration exit 2 with a sentence and no stack', async () => {
  const wrong = [
    ['run'],
    ['fly'],
    ['run', '--fast'],
    ['run', '--url', 'http://x', '--switch', 'www', '--device', 'lobby'],
  ];
  const runs = await Promise.all(
    wrong.map(async (words) => {
      await using one = start(...words);
      return { code: await one.code(), text: one.out() };
    }),
  );
  expect(runs.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
  expect(runs.map(({ text }) => text).join('\n')).not.toMatch(/^\s+at /m);
  expect(runs[3]?.text).toContain('mqtt.url: is "http://x"; write the URL of the broker');
});
