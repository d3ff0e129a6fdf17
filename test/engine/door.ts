import type { Json } from '../../shared/json.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import type { Engine, EngineOptions } from '../../cloud/engine/engine.ts';
import type { JobEnd, JobRow } from '../../cloud/engine/job.ts';
import type { Decision, JobChange, LaneEvent, Outgoing, Rules, Seen } from '../../cloud/engine/lane.ts';
import { makeEngine } from '../../cloud/engine/make-engine.ts';
import type { Run, Runbook } from '../../cloud/engine/runbook.ts';
import type { Store } from '../../cloud/engine/store.ts';
import type { Receiver } from '../../cloud/ports.ts';
import type { PlayedClock } from './clock.ts';

/** A toy lane: a door that is moved by jobs, one at a time, the others queued. It stands in for a switch. */
export type Door = { readonly at: string; readonly moves: number; readonly timers: number };
export type DoorCommand =
  | { readonly kind: 'move'; readonly to: string }
  | { readonly kind: 'stop' }
  | { readonly kind: 'wake'; readonly inMs: number; readonly lanes?: readonly string[] }
  | { readonly kind: 'break' };
export type DoorReply = { readonly job: string | null; readonly known: boolean };
export type DoorData = { readonly to: string; readonly error: string | null };

export const DEADLINE_MS = 30_000;

type Change = JobChange<DoorData>;
type DoorDecision = Decision<Door, Json, DoorReply, DoorData>;

function message(body: Json, key: string | null = null): Outgoing {
  return { receiver: 'bus', key, body, expiresAtMs: null };
}

function decide(
  door: Door,
  event: LaneEvent<DoorCommand, DoorData>,
  seen: Seen<Json, DoorData>,
  nowMs: number,
): DoorDecision {
  const nothing = { state: door, reply: { job: null, known: false }, jobs: [], journal: [], outgoing: [] };
  const running = seen.jobs.find(({ status }) => status === 'running');
  switch (event.kind) {
    case 'timer':
      return { ...nothing, state: { ...door, timers: door.timers + 1 } };
    case 'ended': {
      const { job, end } = event;
      const opened = end.status === 'succeeded';
      const next = seen.jobs.find(({ status }) => status === 'queued');
      const jobs: Change[] = [{ kind: 'update', id: job.id, status: end.status, data: end.data }];
      if (next) jobs.push({ kind: 'start', id: next.id, deadlineAtMs: nowMs + DEADLINE_MS, data: next.data });
      return {
        ...nothing,
        state: opened ? { ...door, at: end.data.to, moves: door.moves + 1 } : door,
        jobs,
        journal: [{ kind: 'ended', lane: job.lane, text: `${job.id} ${end.status}`, detail: end.data }],
        outgoing: [message(`${job.data.to}: ${end.status}`), message({ at: end.data.to }, 'state')],
      };
    }
    case 'command':
      if (event.known) return { ...nothing, reply: { job: event.known.id, known: true } };
      return command(event, nothing, running, seen.newJobId, nowMs);
  }
}

function command(
  event: Extract<LaneEvent<DoorCommand, DoorData>, { kind: 'command' }>,
  nothing: DoorDecision,
  running: JobRow<DoorData> | undefined,
  id: string,
  nowMs: number,
): DoorDecision {
  const { command, sender, commandId } = event;
  switch (command.kind) {
    case 'break':
      throw new Error('a rule broke');
    case 'wake':
      return { ...nothing, wakeAtMs: nowMs + command.inMs, wakeLanes: command.lanes ?? [] };
    case 'stop':
      return {
        ...nothing,
        jobs: running ? [{ kind: 'interrupt', id: running.id, reason: { by: sender } }] : [],
      };
    case 'move':
      return {
        ...nothing,
        reply: { job: id, known: false },
        jobs: [
          {
            kind: 'add',
            id,
            status: running ? 'queued' : 'running',
            exclusive: true,
            sender,
            commandId,
            data: { to: command.to, error: null },
            deadlineAtMs: running ? null : nowMs + DEADLINE_MS,
          },
        ],
        outgoing: [message(`${command.to}: accepted`)],
      };
  }
}

export const doorRules: Rules<Door, Json, DoorCommand, DoorReply, DoorData> = {
  initial: () => ({ at: 'closed', moves: 0, timers: 0 }),
  decide,
  announceStep: (job) => {
    const step = job.steps.at(-1);
    return [{ receiver: 'steps', key: null, body: `${step?.name} ${step?.status}`, expiresAtMs: null }];
  },
  announceStanding: (state, _unfinished, changed) =>
    [`the door is ${state.at}`, ...changed.map(({ id, status }) => `${id} ${status}`)].map((text) => message(text)),
};

export type DoorRun = Run<DoorData, Door>;
export type DoorEngine = Engine<Door, DoorCommand, DoorReply, DoorData>;

export function done(run: DoorRun): JobEnd<DoorData> {
  return { status: 'succeeded', data: run.job.data };
}

/** Ids that sort by time, and jitter that is always the same. */
function playedIds(name: string): EngineOptions<Door, Json, DoorCommand, DoorReply, DoorData>['ids'] {
  let made = 0;
  return { next: () => `${name}-${String(++made).padStart(6, '0')}`, random: () => 0 };
}

export interface DoorOptions {
  readonly store: Store;
  readonly clock: PlayedClock;
  readonly runbook: Runbook<DoorData, Door>;
  readonly owner?: string;
  /** A function is a receiver that takes every message unless it throws. */
  readonly receivers?: Readonly<Record<string, Receiver | ((body: Json) => Promise<void>)>>;
  readonly lanes?: readonly string[];
  readonly log?: Log;
  readonly rules?: typeof doorRules;
  readonly delivers?: (receiver: string) => boolean;
}

export function openDoor(options: DoorOptions): DoorEngine {
  const {
    store,
    clock,
    runbook,
    owner = 'first',
    receivers = {},
    lanes = ['door'],
    log = silentLog,
    rules = doorRules,
    delivers = () => true,
  } = options;
  return makeEngine<Door, Json, DoorCommand, DoorReply, DoorData>({
    store,
    rules,
    runbook,
    failed: ({ data }, error) => ({ status: 'failed', data: { ...data, error: error.code } }),
    stopped: (job, reason) => ({
      status: reason.kind === 'deadline' ? 'failed' : 'superseded',
      data: { ...job.data, error: reason.kind },
    }),
    receivers: Object.fromEntries(Object.entries(receivers).map(([name, road]) => [name, receiverOf(road)])),
    delivers,
    lanes,
    owner,
    clock,
    ids: playedIds(owner),
    log,
  });
}

function receiverOf(road: Receiver | ((body: Json) => Promise<void>)): Receiver {
  if (typeof road !== 'function') return road;
  return {
    async deliver({ body }) {
      await road(body);
      return { kind: 'delivered' };
    },
  };
}

export function move(engine: DoorEngine, to: string, commandId: string | null = null): Promise<DoorReply> {
  return engine.command('door', { kind: 'move', to }, { sender: 'someone', commandId });
}

/** A promise and its levers: a step that ends when the test says so. */
export function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A log that keeps its sentences. */
export function keptLog(): Log & { readonly sentences: string[] } {
  const sentences: string[] = [];
  const keep = (_: object, sentence: string): void => {
    sentences.push(sentence);
  };
  return { sentences, debug: keep, info: keep, warn: keep, error: keep };
}

/** A runbook whose only step does nothing until it is stopped. */
export async function waits(run: DoorRun): Promise<JobEnd<DoorData>> {
  await run.step('wait', async ({ signal }) => {
    await aborted(signal);
    throw new Error('the wait broke off');
  });
  return done(run);
}
