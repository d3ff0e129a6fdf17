import type { Clock } from '../../shared/clock.ts';
import { isFault } from '../../shared/faults.ts';
import type { Log } from '../../shared/log.ts';
import type { NameServers, RecordSet, RecordStore } from '../ports.ts';
import type { Engine } from '../engine/engine.ts';
import { unfinishedJobs } from '../engine/unfinished.ts';
import type { JobData, Reply, SwitchCommand } from './command.ts';
import { type RateBudget, UNLIMITED } from './rate-budget.ts';
import { reading } from './reading.ts';
import { namesToRead } from './records.ts';
import type { SwitchState } from './state.ts';
import type { Switch } from './switch.ts';
import { within } from './within.ts';
import { isRemembered, rememberZones } from './zones.ts';

/** Five requests a second are all that an AWS account has, for everybody in it; the watch takes a small share. */
interface WatchPace {
  /** Between two reads until every switch has been read once: four a second at most. */
  readonly firstMs: number;
  /** Between two reads later on: at most one in so many milliseconds … */
  readonly pauseMsMax: number;
  /** … and often enough that each switch is read within this time, as long as that needs no more than one a second. */
  readonly roundMs: number;
  readonly pauseMsMin: number;
  /** One read. */
  readonly callMs: number;
  /** A switch that could not be read: 5, 10, 20 … s, at most 10 min. */
  readonly retryMsMin: number;
  readonly retryMsMax: number;
}

const PACE: WatchPace = {
  firstMs: 250,
  pauseMsMax: 10_000,
  roundMs: 300_000,
  pauseMsMin: 1_000,
  callMs: 8_000,
  retryMsMin: 5_000,
  retryMsMax: 600_000,
};

export interface WatchOptions {
  readonly switches: readonly Switch[];
  readonly records: RecordStore;
  readonly nameServers: NameServers;
  /** Hears what was found, and tells whether a job is at work. */
  readonly engine: Pick<Engine<SwitchState, SwitchCommand, Reply, JobData>, 'command' | 'jobs' | 'state'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Shared with the moves, which go first; without one, every request goes at once. */
  readonly budget?: RateBudget;
  readonly pace?: Partial<WatchPace>;
}

export interface Watch {
  /** Watches until the signal aborts; never rejects for what the world does. */
  run(signal: AbortSignal): Promise<void>;
  /** Why no switch can be read, in a sentence, or null when one can. */
  trouble(): string | null;
}

interface Turn {
  readonly target: Switch;
  /** By the monotonic clock: one that is set back must not end the watch for as long. */
  dueAtMs: number;
  /** Failed reads in a row. */
  failures: number;
  /** Why the last one failed, or that there was none yet. */
  trouble: string | null;
}

/**
 * Reads the live records of every switch at start, then one switch after the other, and tells the rules what they say.
 * On the way it learns what each zone is and where its name servers are, so that it is known in the emergency.
 */
export function makeWatch(options: WatchOptions): Watch {
  const pace = { ...PACE, ...options.pace };
  const records = rememberZones(options.records);
  const turns = options.switches.map((target): Turn => ({
    target,
    dueAtMs: Number.NEGATIVE_INFINITY,
    failures: 0,
    trouble: 'The records have not been read yet.',
  }));
  return {
    run: (signal) => watch({ ...options, budget: options.budget ?? UNLIMITED, records, pace, signal }, turns),
    trouble: () => (turns.some(({ trouble }) => trouble === null) ? null : (turns[0]?.trouble ?? null)),
  };
}

interface Watching extends WatchOptions {
  readonly budget: RateBudget;
  readonly pace: WatchPace;
  readonly signal: AbortSignal;
}

async function watch(watching: Watching, turns: readonly Turn[]): Promise<void> {
  const { clock, signal, pace } = watching;
  const armed = new Set<string>();
  const pauseMs = Math.max(pace.pauseMsMin, Math.min(pace.pauseMsMax, pace.roundMs / Math.max(1, turns.length)));
  while (!signal.aborted && turns.length > 0) {
    const turn = turns.reduce((first, next) => (next.dueAtMs < first.dueAtMs ? next : first));
    await clock.sleep(Math.max(0, turn.dueAtMs - clock.monotonicMs()), signal);
    if (signal.aborted) return;
    await readOne(watching, turn);
    turn.dueAtMs = clock.monotonicMs() + (turn.failures === 0 ? pauseMs * turns.length : retryMs(pace, turn.failures));
    const { zone } = turn.target;
    if (turn.trouble === null && !armed.has(zone)) {
      armed.add(zone);
      await arm(watching, zone);
    }
    await clock.sleep(turns.every(({ dueAtMs }) => Number.isFinite(dueAtMs)) ? pauseMs : pace.firstMs, signal);
  }
}

function retryMs({ retryMsMin, retryMsMax }: WatchPace, failures: number): number {
  return Math.min(retryMsMax, retryMsMin * 2 ** Math.min(failures - 1, 16));
}

async function readOne(watching: Watching, turn: Turn): Promise<void> {
  const { engine, log, signal } = watching;
  const { target } = turn;
  try {
    const { revision: atRevision } = await engine.state(target.name);
    const before = await quietOf(engine, target.name);
    const live = await readLive(watching, target);
    if (turn.failures > 0) log.info({ switch: target.name }, `The records of ${target.name} can be read again.`);
    turn.failures = 0;
    turn.trouble = null;
    // What was read while a job was at work may be its change half-way, or the records as they were before it.
    if (before === null || (await quietOf(engine, target.name)) !== before) return;
    const from = { sender: 'watch', commandId: null };
    await engine.command(target.name, { kind: 'observed', reading: reading(live, target), atRevision }, from);
  } catch (error) {
    if (signal.aborted) return;
    const why = error instanceof Error ? error.message : 'Nothing says why.';
    turn.failures += 1;
    turn.trouble = `The records of ${target.name} cannot be read. ${why}`;
    // Said once, and again when it is over: the same trouble each time is no news.
    if (turn.failures === 1) log.warn({ switch: target.name, ...(isFault(error) ? {} : { error }) }, turn.trouble);
  }
}

/** Each name is a request with its own turn and deadline. */
async function readLive(watching: Watching, target: Switch): Promise<readonly RecordSet[]> {
  const { clock, signal, records, budget, pace } = watching;
  const live: RecordSet[] = [];
  for (const name of namesToRead(target.positions, target.zone)) {
    await budget.take('watch', signal);
    live.push(...(await within(clock, pace.callMs, signal, (signal) => records.read(target.zone, [name], signal))));
  }
  return live;
}

/**
 * What tells one quiet of the switch from the next: its unfinished jobs as they stand, and the newest job of all, which
 * changes with whatever came and ended meanwhile. Null while one is at work.
 */
async function quietOf(engine: WatchOptions['engine'], name: string): Promise<string | null> {
  const unfinished = await unfinishedJobs(engine, name);
  if (unfinished.some(({ exclusive, status }) => exclusive && status !== 'waiting')) return null;
  const newest = await engine.jobs({ lane: name, limit: 1 });
  return [...unfinished, ...newest].map(({ id, status }) => `${id} ${status}`).join(', ');
}

/** Nothing here is needed to move: a right or a resolver that is missing is said, and no more. */
async function arm(
  { records, nameServers, clock, log, signal, budget, pace }: Watching,
  zoneId: string,
): Promise<void> {
  try {
    if (!isRemembered(records, zoneId)) await budget.take('watch', signal);
    await within(clock, pace.callMs, signal, async (signal) => {
      const zone = await records.zone(zoneId, signal);
      if (!zone.private) await nameServers.addresses(zone.nameServers, signal);
    });
  } catch (error) {
    if (signal.aborted) return;
    const why = error instanceof Error ? error.message : 'Nothing says why.';
    log.warn({ zone: zoneId }, `The name servers of zone ${zoneId} cannot be looked up yet. ${why}`);
  }
}
