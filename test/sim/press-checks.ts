import type { CommandName } from '../../shared/command.ts';
import type { Lamp } from '../../device/core/lamp-signal.ts';
import { isUnfinished } from '../../cloud/engine/job.ts';
import type { Ledger } from './ledger.ts';
import type { Machine } from './machine.ts';
import { must } from './must.ts';
import type { Decided } from './store.ts';

/** An age is told to the millisecond, and of a press that was kept to the grain of the kernel's clock. */
const YOUNGER_MS_MAX = 30;
/** Each time that it is read from the disk it is rounded up. */
const OLDER_MS_MAX = 500;
/** A slow disk holds up a press for no longer. */
const KEEP_MS_MAX = 250;
/** Shorter sleeps are not told from two clocks that are read one after the other. */
const SLEEP_MS_UNSEEN_MAX = 1_000;
/** What was true so long ago may still be shown: the connection may have been away since. */
const SHOWN_MS_MAX = 120_000;

interface Press {
  readonly id: string;
  readonly device: string;
  readonly command: CommandName;
  readonly atMs: number;
  readonly deadlineMs: number;
  readonly boot: string;
  readonly sleptMs: number;
  /** Every sending so far had a date. */
  dated: boolean;
  /** Its button has heard what became of it. */
  heard: boolean;
  /** Whoever pressed does not wait for it any longer: they have pressed again, or saw that it was not delivered. */
  over: boolean;
  /** Its button was not there, or deaf, for some time since it was pressed; and had it kept, or heard of it. */
  cut: boolean;
  /** The same, and it was not kept: nobody promises anything. */
  lost: boolean;
}

/** One command as it leaves a button. */
export interface Leaving {
  readonly device: string;
  readonly id: string;
  readonly ageMs: number;
  readonly expiresInMs: number;
  readonly dated: boolean;
}

/** What every press is promised, whichever roads it took and however often its button died on the way. */
export interface PressChecks {
  pressed(device: string, id: string, command: CommandName, deadlineMs: number, machine: Machine): void;
  sent(leaving: Leaving, machine: Machine, hasOutbox: boolean): void;
  decided(what: Decided): void;
  /** The button has heard what became of it. */
  answered(device: string, id: string): void;
  shown(device: string, switchName: string, before: Lamp, lamp: Lamp): void;
  /** The process is gone: only what is kept is still promised anything. */
  cutOff(device: string, kept: string): void;
  /** The process has slept through what it was told. */
  deafened(device: string): void;
  /** At rest: bad news is not told of a press that came to something. */
  checkNews(device: string, lamp: Lamp): void;
  /** Presses of which whoever pressed should know in the end what became of them, and does not. */
  open(): readonly string[];
}

export function makePressChecks(ledger: Ledger, now: () => number): PressChecks {
  const presses = new Map<string, Press>();
  const lamps = new Map<string, Lamp>();
  /** Where each switch was said to be, oldest first. */
  const positions = new Map<string, { readonly at: 'primary' | 'elsewhere'; atMs: number }[]>();

  const openOf = (device: string): readonly Press[] =>
    [...presses.values()].filter((press) => press.device === device && !press.heard && !press.over && !press.lost);

  return {
    pressed(device, id, command, deadlineMs, machine) {
      // A drill does not push a command aside that is on its way, nor one whose job is followed.
      const follows = FOLLOWING.includes(lamps.get(device)?.name ?? 'off');
      const over = command === 'drill' && (follows || openOf(device).some((press) => press.command !== 'drill'));
      if (!over) for (const older of openOf(device)) older.over = true;
      const at = { atMs: now(), boot: machine.boot(), sleptMs: machine.sleptMs() };
      const fate = { dated: true, heard: false, over, cut: false, lost: false };
      presses.set(keyOf(device, id), { id, device, command, deadlineMs, ...at, ...fate });
    },
    sent({ device, id, ageMs, expiresInMs, dated }, machine, hasOutbox) {
      const press = presses.get(keyOf(device, id));
      must(press !== undefined, () => `${device} sends ${id}, which nobody pressed`);
      if (!press) return;
      const words = `${device} sends ${id}`;
      const trueMs = now() - press.atMs;
      const offMax = YOUNGER_MS_MAX + (machine.sleptMs() > press.sleptMs ? SLEEP_MS_UNSEEN_MAX : 0);
      // Short sleeps, also those before it was pressed, are added up and counted to whatever is open when they are seen.
      const olderMax = OLDER_MS_MAX + (machine.sleptMs() > 0 ? SLEEP_MS_UNSEEN_MAX : 0);
      const right = ageMs >= trueMs - offMax && ageMs <= trueMs + olderMax;
      must(right, () => `${words} as ${ageMs} ms old, and it is ${trueMs} ms old`);
      must(expiresInMs === press.deadlineMs, () => `${words} with a deadline of ${expiresInMs} ms`);
      must(trueMs < press.deadlineMs + offMax, () => `${words} ${trueMs - press.deadlineMs} ms after its deadline`);
      must(machine.boot() === press.boot, () => `${words}, which was pressed before its machine restarted`);
      // After a crash it would be pressed again, by somebody who saw nothing happen.
      const safe = !hasOutbox || machine.kept().includes(`"${id}"`) || machine.isFull() || trueMs >= KEEP_MS_MAX;
      must(safe, () => `${words} before it is kept`);
      press.dated &&= dated;
    },
    decided({ event, decision, turn }) {
      const at = decision.state.position === 'primary' ? 'primary' : 'elsewhere';
      const known = positions.get(turn.lane) ?? [];
      if (known.at(-1)?.at !== at) positions.set(turn.lane, [...known, { at, atMs: turn.nowMs }]);
      if (event.kind !== 'command' || !event.sender.startsWith('device:') || event.commandId === null) return;
      const key = `${event.sender} ${event.commandId}`;
      const press = presses.get(key);
      must(press !== undefined, () => `${key} is a command, and nobody pressed it`);
      const { job } = decision.reply;
      if (!press || !job || event.known || !press.dated) return;
      // Its date tells how old it is also when it was long on its way.
      const ageMs = turn.nowMs - press.atMs;
      const late = ageMs > press.deadlineMs + YOUNGER_MS_MAX + SLEEP_MS_UNSEEN_MAX;
      must(!late || !isUnfinished(job), () => `${key} was accepted ${ageMs} ms after it was pressed`);
    },
    answered(device, id) {
      const press = presses.get(keyOf(device, id));
      if (press) press.heard = true;
    },
    shown(device, switchName, before, lamp) {
      lamps.set(device, lamp);
      if (before.name === 'sent' && ANSWERS.includes(lamp.name)) {
        const mine = [...presses.values()].filter((press) => press.device === device);
        const heard = mine.some(({ id }) => ledger.known.has(keyOf(device, id)));
        must(heard, () => `the lamp of ${device} says ${lamp.name}, and no press of it is known`);
        const open = openOf(device).find(({ id }) => !ledger.known.has(keyOf(device, id)));
        const explained = open === undefined || lamp.name === 'refused' || earlierIsKnown(mine, open);
        must(explained, () => `the lamp of ${device} says ${lamp.name}, and its press ${open?.id} is not known`);
        for (const press of openOf(device)) press.over = true;
      }
      if (lamp.name === 'not-delivered' || lamp.name === 'refused') {
        for (const press of openOf(device)) press.over = true;
      }
      const at = lamp.name === 'held' ? lamp.at : PLACES[lamp.name];
      if (at === undefined) return;
      const all = positions.get(switchName) ?? [];
      const recent = all.filter(({ at: there }, nth) => {
        const untilMs = all[nth + 1]?.atMs ?? Number.POSITIVE_INFINITY;
        return there === at && untilMs >= now() - SHOWN_MS_MAX;
      });
      must(recent.length > 0, () => `the lamp of ${device} says ${lamp.name}, where ${switchName} is not`);
    },
    cutOff(device, kept) {
      for (const press of presses.values()) {
        if (press.device !== device) continue;
        if (press.heard || kept.includes(`"${press.id}"`)) press.cut = true;
        else press.lost = true;
      }
    },
    deafened(device) {
      // Whoever follows a job may have missed its end.
      const follows = FOLLOWING.includes(lamps.get(device)?.name ?? 'off');
      for (const press of presses.values()) if (press.device === device && (follows || !press.heard)) press.cut = true;
    },
    checkNews(device, lamp) {
      const newest = [...presses.values()].findLast((press) => press.device === device);
      const job =
        newest?.heard === true && !newest.cut
          ? ledger.jobs.get(ledger.known.get(keyOf(device, newest.id)) ?? '')
          : undefined;
      if (job?.status !== 'succeeded') return;
      const bad = lamp.name === 'refused' || lamp.name === 'not-delivered';
      must(!bad, () => `the lamp of ${device} says ${lamp.name}, and ${newest?.id} has succeeded`);
    },
    open: () =>
      [...presses.values()]
        .filter(({ device, id, heard, over, cut, lost }) => {
          if (heard || lost) return false;
          return over ? ledger.known.has(keyOf(device, id)) && !cut : true;
        })
        .map(({ device, id }) => keyOf(device, id)),
  };

  /** The job of an earlier press for the same thing carries out this one too. */
  function earlierIsKnown(mine: readonly Press[], open: Press): boolean {
    return mine.some(({ id, over, device }) => id !== open.id && over && ledger.known.has(keyOf(device, id)));
  }
}

function keyOf(device: string, id: string): string {
  return `device:${device} ${id}`;
}

/** What the lamp says only of what the endpoint has said. */
const ANSWERS: readonly Lamp['name'][] = ['accepted', 'moving', 'drill', 'primary', 'maintenance', 'held', 'unclear'];

/** What the lamp says while it follows a job: that of its own press, or of somebody else. */
const FOLLOWING: readonly Lamp['name'][] = ['accepted', 'moving'];

const PLACES: Readonly<Partial<Record<Lamp['name'], 'primary' | 'elsewhere'>>> = {
  primary: 'primary',
  maintenance: 'elsewhere',
};
