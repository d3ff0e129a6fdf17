/**
 * Runs inside the emulated machine and does there what the test on the host says, over one TCP connection: `node guest.ts
 * PORT`. One JSON object a line each way.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Ask, Level, Told } from './machine.ts';

/** Where QEMU's own network shows the host's loopback. */
const HOST = '10.0.2.2';
const SAMPLE_MS = 20;
const SPIN_MS_MAX = 5;

const socket = connect(Number(process.argv[2]), HOST);
const children = new Map<number, ChildProcess>();
const tell = (told: Told): void => void socket.write(`${JSON.stringify(told)}\n`);

async function obey(ask: Ask): Promise<unknown> {
  switch (ask.do) {
    case 'write':
      writeFileSync(ask.path, ask.text);
      return null;
    case 'read':
      return readFileSync(ask.path, 'utf8');
    case 'shell':
      return shell(ask.script);
    case 'start':
      return start(ask.words, ask.user);
    case 'kill':
      children.get(ask.child)?.kill(ask.signal);
      return null;
    case 'strip':
      return strip(ask.path, ask.levels);
    case 'sample':
      void sample(ask.paths);
      return null;
  }
}

function shell(script: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn('/bin/sh', ['-ec', script]);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()));
  child.on('close', (code) => (code === 0 ? resolve(text) : reject(new Error(`${script}: ${text}`))));
  return promise;
}

function start(words: readonly string[], user: number | undefined): number {
  const [program = '', ...rest] = words;
  const ids = user === undefined ? {} : { uid: user, gid: user };
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], ...ids });
  const id = child.pid ?? -1;
  children.set(id, child);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (text) => tell({ told: 'line', child: id, text }));
  }
  child.on('close', (code, signal) => tell({ told: 'ended', child: id, code, signal }));
  child.on('error', (error) => {
    tell({ told: 'line', child: id, text: error.message });
    tell({ told: 'ended', child: id, code: null, signal: null });
  });
  return id;
}

/** Puts a line to one level after the other, and tells how long each really lasted, milliseconds. */
async function strip(path: string, levels: readonly Level[]): Promise<readonly number[]> {
  const file = openSync(path, 'w');
  const times: number[] = [];
  for (const { level, ms } of levels) {
    times.push(performance.now());
    writeSync(file, level, 0);
    const untilMs = performance.now() + ms;
    // A timer is too coarse for a contact that bounces.
    if (ms > SPIN_MS_MAX) await new Promise((resolve) => setTimeout(resolve, ms));
    else while (performance.now() < untilMs);
  }
  closeSync(file);
  times.push(performance.now());
  return times.slice(1).map((atMs, at) => atMs - (times[at] ?? 0));
}

let sampling = new AbortController();

/** Tells the levels of these lines whenever one changes, until it is asked for others, or a line is gone: then `-`. */
async function sample(paths: readonly string[]): Promise<void> {
  sampling.abort();
  sampling = new AbortController();
  const { signal } = sampling;
  const room = Buffer.alloc(1);
  // Kept open: everything that this does each time is done in place of the button, on the same slow processor.
  const files = paths.map((path) => openSync(path, 'r'));
  const read = (file: number): string => {
    readSync(file, room, 0, 1, 0);
    return room.toString();
  };
  const look = (): string => files.map(read).join('');
  let last = '';
  try {
    while (!signal.aborted) {
      let levels = look();
      // The button may have gone on between one line and the next.
      for (let seen = last; levels !== seen; levels = look()) seen = levels;
      if (levels !== last) tell({ told: 'levels', atMs: performance.now(), levels });
      last = levels;
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  } catch {
    // The chip was taken out.
    tell({ told: 'levels', atMs: performance.now(), levels: '-'.repeat(paths.length) });
  } finally {
    for (const file of files) closeSync(file);
  }
}

createInterface({ input: socket }).on('line', (line) => {
  const ask = JSON.parse(line) as Ask & { readonly id: number };
  obey(ask).then(
    (value) => tell({ told: 'done', id: ask.id, value }),
    (error: unknown) => tell({ told: 'failed', id: ask.id, why: String(error) }),
  );
});
// The machine ends with this process.
socket.on('close', () => process.exit(0));
