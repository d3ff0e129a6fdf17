import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { silentLog } from '../../shared/log.ts';
import { openSupervisor } from '../../device/adapters/sd-notify.ts';
import { runButton } from '../../device/app.ts';
import type { InputEvent, LinkEvent, Supervisor } from '../../device/core/ports.ts';
import { childEnv } from '../child-env.ts';
import { ROOT } from '../house/files.ts';
import { openBroker } from './broker.ts';
import { playEndpoint } from './endpoint-played.ts';
import { playClock } from './played-clock.ts';
import { openNotifySocket } from './service-socket.ts';
import { until } from './until.ts';

// Processes on machines that may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });

const BIN = join(ROOT, 'device/bin/dashover-button');
const flags = (url: string): string[] => ['run', '--url', url, '--switch', 'www', '--device', 'lobby'];

async function end(child: ChildProcessWithoutNullStreams, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  const ended = once(child, 'close');
  child.kill(signal);
  const [code] = (await ended) as [number | null];
  return code;
}

test('systemd hears READY once the finger would be noticed, what the lamp says, that the loop turns, and STOPPING', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  using manager = openNotifySocket('file');
  const env = childEnv({ NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: '400000' });
  const child = spawn(BIN, flags(broker.url), { env });
  try {
    await until('ready', () => manager.heard().includes('READY=1'));
    await until('the lamp', () => manager.heard().includes('STATUS=PRIMARY: www is at primary.'));
    child.stdin.write('hold\n');
    await until('failed over', () => manager.heard().includes('STATUS=FAILED OVER: www is at maintenance.'));
    const fed = (): number => manager.heard().filter((one) => one === 'WATCHDOG=1').length;
    const before = fed();
    await until('fed while nothing happens', () => fed() > before + 2);
  } finally {
    expect(await end(child, 'SIGTERM')).toBe(0);
  }
  expect(endpoint.heard).toHaveLength(1);
  expect(manager.heard().filter((one) => one === 'READY=1')).toHaveLength(1);
  expect(manager.heard().at(-1)).toBe('STOPPING=1');
});

test('only a turn of the loop feeds the watchdog, at least as often as it asks; a line that cannot be read is not ready', async () => {
  const told: string[] = [];
  const supervisor: Supervisor = {
    turnMs: 1_000,
    ready: () => void told.push('ready'),
    alive: () => void told.push('alive'),
    status: (text) => void told.push(text),
    stopping: () => void told.push('stopping'),
    close: () => {},
  };
  const stop = new AbortController();
  const to: { hear?: (event: LinkEvent) => void; touch?: (event: InputEvent) => void } = {};
  const waits: number[] = [];
  // It never wakes for the time, as a loop that is stuck in a call; only news ends the waiting.
  const hangs = (ms: number, signal?: AbortSignal): Promise<void> => {
    waits.push(ms);
    return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
  };
  const running = runButton(
    {
      device: 'lobby',
      switch: 'www',
      deadlineMs: 60_000,
      holdMs: 1_000,
      buttons: [{ gestures: { hold: 'failover' } }],
    },
    {
      clock: { ...playClock(), sleep: hangs },
      ids: { next: () => 'id' },
      link: { open: (on) => void (to.hear = on), send: () => Promise.reject(), tellFault() {}, close: async () => {} },
      input: { open: (on) => void (to.touch = on), close: async () => {} },
      lamp: { show() {}, say() {}, close: async () => {} },
      log: silentLog,
      supervisor,
    },
    stop.signal,
  );
  const turns = (): number => told.filter((one) => one === 'alive').length;
  await until('turned', () => turns() === 1);
  expect(waits).toEqual([1_000]);
  to.touch?.({ kind: 'broken', button: 0, text: 'The line 17 is gone.' });
  await until('turned', () => turns() === 2);
  expect(told).toContain('BUTTON FAULT: The line 17 is gone.');
  expect(told).not.toContain('ready');
  to.touch?.({ kind: 'level', button: 0, pressed: false });
  await until('ready', () => told.includes('ready'));
  const before = turns();
  await new Promise((resolve) => setImmediate(resolve));
  expect(turns()).toBe(before);
  to.hear?.({ kind: 'up', text: 'Connected.' });
  await until('turned', () => turns() === before + 1);
  stop.abort();
  expect(await running).toBe('asked');
  expect(told.at(-1)).toBe('stopping');
});

test('words from elsewhere cannot speak to systemd: a status is one line, of bounded length', async () => {
  using manager = openNotifySocket('file');
  const clock = playClock();
  const supervisor = await openSupervisor({ NOTIFY_SOCKET: manager.path }, 1, clock, () => {});
  supervisor.status('www moved\nWATCHDOG=trigger\u2028MAINPID=1');
  supervisor.status('www moved\nWATCHDOG=trigger\u2028MAINPID=1');
  supervisor.status('x'.repeat(10_000));
  supervisor.alive();
  expect(manager.heard()).toEqual(['STATUS=www moved WATCHDOG=trigger MAINPID=1', `STATUS=${'x'.repeat(512)}`]);
  expect(supervisor.turnMs).toBeUndefined();
  supervisor.close();
});

test('a watchdog of another process is not fed, and one of our own twice within its time', async () => {
  using manager = openNotifySocket('abstract');
  const clock = playClock();
  const env = { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: '30000000' };
  const others = await openSupervisor({ ...env, WATCHDOG_PID: '2' }, 1, clock, () => {});
  others.alive();
  expect(manager.heard()).toEqual([]);
  const own = await openSupervisor({ ...env, WATCHDOG_PID: '1' }, 1, clock, () => {});
  expect(own.turnMs).toBe(15_000);
  own.alive();
  own.alive();
  expect(manager.heard()).toEqual(['WATCHDOG=1']);
});

test.for([
  ['vsock:2:1', 'its address "vsock:2:1" is no unix socket'],
  ['/nowhere/socket', 'its socket /nowhere/socket cannot be reached (ENOENT)'],
])('a manager at %s that cannot be told is said once, and stops nothing', async ([path, why]) => {
  const said: string[] = [];
  const supervisor = await openSupervisor({ NOTIFY_SOCKET: path }, 1, playClock(), (text) => void said.push(text));
  supervisor.ready();
  supervisor.status('PRIMARY');
  supervisor.stopping();
  supervisor.close();
  expect(said).toEqual([`systemd is not told how this program is: ${why}.`]);
});

test('in the journal a line begins with its level; elsewhere with a word, whatever JOURNAL_STREAM was inherited', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'button-journal-'));
  const file = join(folder, 'journal');
  const out = openSync(file, 'w');
  try {
    const { dev, ino } = fstatSync(out);
    const env = childEnv({ NOTIFY_SOCKET: '/nowhere/socket', JOURNAL_STREAM: `${dev}:${ino}` });
    const words = flags('mqtt://127.0.0.1:9');
    const toJournal = spawn(BIN, words, { env, stdio: ['ignore', out, 'inherit'] });
    const elsewhere = spawn(BIN, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let heard = '';
    elsewhere.stdout.on('data', (data: Buffer) => (heard += data.toString()));
    await Promise.all([once(toJournal, 'close'), once(elsewhere, 'close')]);
    expect(readFileSync(file, 'utf8')).toMatch(/^<4>systemd is not told how this program is: /m);
    expect(heard).toMatch(/^Warning: systemd is not told how this program is: /m);
    expect(heard).not.toContain('<4>');
  } finally {
    closeSync(out);
    rmSync(folder, { recursive: true });
  }
});
