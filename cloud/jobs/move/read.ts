import { isFault } from '../../../shared/faults.ts';
import type { StepContext, StepResult } from '../../engine/runbook.ts';
import type { RecordSet } from '../../ports.ts';
import type { Reading } from '../command.ts';
import { reading } from '../reading.ts';
import { namesToRead, ownedAmong, ownedBy, setsInWords } from '../records.ts';
import { within } from '../within.ts';
import { pause } from './pace.ts';
import { isRemembered } from '../zones.ts';
import { timeOfDay, urgencyOf, type Walk, weather } from './walk.ts';

export type ZoneSeen = {
  readonly name: string;
  readonly nameServers: readonly string[];
  readonly private: boolean;
};

export type Seen = {
  readonly kind: 'read';
  /** Every set at the names concerned, owned or not. */
  readonly live: readonly RecordSet[];
  readonly reading: Reading;
  /** Null when Route 53 would not tell: nothing on the road needs it but `verify`. */
  readonly zone: ZoneSeen | null;
};

export type ReadDetail =
  | Seen
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string };

/** What the zone is may be waited for no longer than this while the records are being read. */
const ZONE_MS_MAX = 1_500;

/** Reads the live record sets, through bad weather, until the deadline. Safe to repeat: it only looks. */
export async function read<State>(walk: Walk<State>, context: StepContext): Promise<StepResult<ReadDetail>> {
  const { run, target, world, pace } = walk;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const [live, zone] = await Promise.all([readLive(walk, context.signal), zoneSeen(walk, context.signal)]);
      const found = reading(live, target);
      const owned = setsInWords(ownedAmong(live, ownedBy(target.positions)));
      const text =
        found.kind === 'position' ? `At ${found.position}: ${owned}.` : `At no known position: ${inWords(found)}.`;
      return { text, detail: { kind: 'read', live, reading: found, zone } };
    } catch (error) {
      if (isFault(error, 'route53-zone-missing') || isFault(error, 'route53-refused')) {
        const { code, message, hint } = error;
        return { status: 'failed', text: message, detail: { kind: 'failed', code, message, hint } };
      }
      const { message } = weather(error);
      world.log.warn({ job: run.job.id, switch: target.name, attempt }, message);
      const next = `Attempt ${attempt + 1} follows, giving up at ${timeOfDay(run.deadlineAtMs)}.`;
      await context.progress(`${message} ${next}`, { attempt });
      await pause(world, pace, attempt, run.deadlineAtMs, context.signal);
      context.signal.throwIfAborted();
    }
  }
}

/** One read of the live sets, each name a request with its own turn and deadline. */
export async function readLive<State>(walk: Walk<State>, signal: AbortSignal): Promise<readonly RecordSet[]> {
  const { target, world, budget, pace } = walk;
  const live: RecordSet[] = [];
  for (const name of namesToRead(target.positions, target.zone)) {
    await budget.take(urgencyOf(walk), signal);
    const sets = await within(world.clock, pace.callMs, signal, (signal) =>
      world.records.read(target.zone, [name], signal),
    );
    live.push(...sets);
  }
  return live;
}

/** What the zone is, or null when Route 53 does not tell in time: the road must not need a right that it can do without. */
export async function zoneSeen<State>(walk: Walk<State>, signal: AbortSignal): Promise<ZoneSeen | null> {
  const { target, world, budget } = walk;
  try {
    if (!isRemembered(world.records, target.zone)) await budget.take(urgencyOf(walk), signal);
    const zone = await within(world.clock, ZONE_MS_MAX, signal, (signal) => world.records.zone(target.zone, signal));
    return { name: zone.name, nameServers: zone.nameServers, private: zone.private };
  } catch (error) {
    if (!isFault(error)) throw error;
    world.log.warn({ switch: target.name, zone: target.zone }, error.message);
    return null;
  }
}

function inWords(found: Reading): string {
  if (found.kind === 'drifted') return found.differences.join('; ');
  return found.kind === 'unknown' ? found.why : found.position;
}
