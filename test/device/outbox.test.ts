import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type BootTime, readBootTime } from '../../device/adapters/boot-clock.ts';
import { makeOutbox } from '../../device/adapters/outbox.ts';
import type { PressFile } from '../../device/adapters/press-file.ts';
import type { Left, Outbox } from '../../device/core/ports.ts';
import type { Intent } from '../../device/core/press.ts';
import type { Clock } from '../../shared/clock.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { playClock } from './played-clock.ts';

const DEADLINE_MS = 60_000;
/** However slow the disk of this machine is, here it is waited for. */
const PATIENT: Clock = { ...systemClock, sleep: (_ms, signal) => systemClock.sleep(60_000, signal) };
const home = mkdtempSync(join(tmpdir(), 'button-outbox-'));
afterAll(() => rmSync(home, { recursive: true }));
let folders = 0;

/** Processes one after the other on one machine, which runs on in between. */
function playMachine(folder = join(home, `${(folders += 1)}`)) {
  let now: BootTime | undefined = { boot: 'first', sinceMs: 1_000_000 };
  const warned: string[] = [];
  return {
    file: join(folder, 'press.json'),
    warned,
    set now(time: BootTime | undefined) {
      now = time;
    },
    start: (device = 'lobby'): Outbox =>
      makeOutbox({
        folder,
        device,
        switch: 'www',
        clock: PATIENT,
        warn: (text) => void warned.push(text),
        bootTime: () => now,
      }),
  };
}

function pressNow(id: string): Intent {
  const pressedAtMs = systemClock.monotonicMs();
  return {
    id,
    command: 'failover',
    pressedAtMs,
    deadlineAtMs: pressedAtMs + DEADLINE_MS,
    ifRevision: null,
    earlier: [],
    recovered: false,
  };
}

const atStart = (): BootTime => ({ boot: 'first', sinceMs: 0 });
const textOf = (left: Left): string => (left.kind === 'lost' ? left.text : left.kind);

test('a press is found by the next process with its id and its age, which ran on in between', async () => {
  const machine = playMachine();
  await machine.start().keep(pressNow('p1'));
  expect(statSync(machine.file).mode & 0o777).toBe(0o600);
  machine.now = { boot: 'first', sinceMs: 1_020_000 };
  const left = await machine.start().open();
  if (left.kind !== 'press') throw new Error(textOf(left));
  expect(left.intent).toMatchObject({ id: 'p1', command: 'failover', recovered: true });
  const ageMs = systemClock.monotonicMs() - left.intent.pressedAtMs;
  expect(ageMs).toBeGreaterThanOrEqual(20_000);
  expect(left.intent.deadlineAtMs - left.intent.pressedAtMs).toBeCloseTo(DEADLINE_MS, 0);
});

test('what was answered is forgotten, and only the newest press is kept', async () => {
  const machine = playMachine();
  const outbox = machine.start();
  await outbox.keep(pressNow('p1'));
  await outbox.keep(pressNow('p2'));
  expect(await machine.start().open()).toMatchObject({ kind: 'press', intent: { id: 'p2' } });
  await outbox.forget();
  expect(await machine.start().open()).toEqual({ kind: 'nothing' });
  expect(existsSync(machine.file)).toBe(false);
});

test.for<[string, BootTime | undefined, string]>([
  ['its deadline', { boot: 'first', sinceMs: 1_060_000 }, 'pressed more than 60 s ago, before the program restarted'],
  ['a restart of the machine', { boot: 'second', sinceMs: 5 }, 'The machine has restarted since the failover'],
  ['a restart that shows the same time', { boot: 'second', sinceMs: 1_000_000 }, 'The machine has restarted'],
  ['a clock that ran backwards', { boot: 'first', sinceMs: 999_000 }, 'pressed later than now'],
  ['a kernel that does not tell the time', undefined, 'The machine has restarted'],
])('no press outlives %s: it is dropped, once, in words', async ([, time, words]) => {
  const machine = playMachine();
  await machine.start().keep(pressNow('p1'));
  machine.now = time;
  const text = textOf(await machine.start().open());
  expect(text).toContain(words);
  expect(text).toContain('press again if it is still needed');
  expect(await machine.start().open()).toEqual({ kind: 'nothing' });
});

test('what another button has left, or what cannot be read, is dropped in words', async () => {
  const machine = playMachine();
  await machine.start().keep(pressNow('p1'));
  expect(textOf(await machine.start('desk').open())).toContain('at the button "lobby"');
  await machine.start().keep(pressNow('p1'));
  writeFileSync(machine.file, readFileSync(machine.file, 'utf8').slice(0, 40));
  expect(textOf(await machine.start().open())).toContain('cannot be read');
});

test('where nothing can be written the press is not held up, and the reason is said', async () => {
  const blocked = join(home, 'blocked');
  writeFileSync(blocked, 'a file where the folder should be');
  const machine = playMachine(blocked);
  const outbox = machine.start();
  await outbox.keep(pressNow('p1'));
  expect(machine.warned.join()).toMatch(/The press could not be kept.*press\.json/);
  await outbox.forget();
});

test('a press that a slow disk takes after its road was free to go is known to be safe when the program ends', async () => {
  const clock = playClock();
  const writes: (() => void)[] = [];
  const file: PressFile = {
    path: 'press.json',
    read: async () => undefined,
    write: () => new Promise((resolve) => writes.push(resolve)),
    remove: async () => undefined,
  };
  const options = { folder: home, device: 'lobby', switch: 'www', warn: () => undefined, bootTime: atStart };
  const outbox = makeOutbox({ ...options, clock, file });
  const kept = outbox.keep(pressNow('p1'));
  await clock.pass(1_000);
  expect(await kept).toBe(false);
  const closed = outbox.close();
  writes[0]?.();
  expect(await closed).toBe(true);
  void outbox.forget();
  expect(await outbox.close()).toBe(false);
});

test('where the newer press cannot be written the older one is gone, too: no crash brings back what was replaced', async () => {
  const machine = playMachine();
  const outbox = machine.start();
  expect(await outbox.keep(pressNow('p1'))).toBe(true);
  // A folder where the fresh file should be.
  mkdirSync(`${machine.file}.new`);
  expect(await outbox.keep(pressNow('p2'))).toBe(false);
  expect(await machine.start().open()).toEqual({ kind: 'nothing' });
});

test('a card that takes its time holds a press up for no more than a quarter of a second', async () => {
  const folder = mkdtempSync(join(home, 'stuck-'));
  const pipe = join(folder, 'press.json.new');
  // Opening it for writing waits for a reader, as a sick card waits for itself.
  execFileSync('mkfifo', [pipe]);
  const clock = playClock();
  const stuck = makeOutbox({ folder, device: 'lobby', switch: 'www', clock, warn: () => undefined, bootTime: atStart });
  let isFree = false;
  const kept = stuck.keep(pressNow('p1')).then(() => (isFree = true));
  await clock.pass(249);
  expect(isFree).toBe(false);
  await clock.pass(1);
  await kept;
  closeSync(openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK));
});

test('the kernel of this machine tells which start it is, and a time that only grows', () => {
  const [one, two] = [readBootTime(), readBootTime()];
  expect(one?.boot).toMatch(/^[0-9a-f-]{36}$/);
  expect(two?.boot).toBe(one?.boot);
  expect(two?.sinceMs).toBeGreaterThanOrEqual(one?.sinceMs ?? Number.NaN);
  expect(readBootTime('/nowhere')).toBeUndefined();
});
