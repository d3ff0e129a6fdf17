import type { Clock } from '../../shared/clock.ts';
import type { Switch } from '../jobs/switch.ts';
import type { SwitchEngine } from './accept.ts';

/** Read again after this long: a drill is not watched by the second, and the jobs of a hundred switches are many rows. */
const FRESH_MS = 60_000;
/** Of the newest jobs of a switch that succeeded: more than people do between two drills. */
const JOBS_MAX = 200;

/** When drills last succeeded, milliseconds since 1970; undefined when none is known. */
export interface LastDrills {
  ofSwitch(name: string): number | undefined;
  /** A drill that this device has asked for or joined. */
  ofDevice(name: string): number | undefined;
}

interface DrillOptions {
  readonly switches: readonly Switch[];
  readonly engine: Pick<SwitchEngine, 'jobs'>;
  readonly clock: Clock;
}

/** Looks them up among the jobs that are kept, at most once a minute. Rejects with `store-unavailable`. */
export function makeLastDrills({ switches, engine, clock }: DrillOptions): () => Promise<LastDrills> {
  const ofSwitch = new Map<string, number>();
  const ofDevice = new Map<string, number>();
  const drills: LastDrills = { ofSwitch: (name) => ofSwitch.get(name), ofDevice: (name) => ofDevice.get(name) };
  let readAtMs = Number.NEGATIVE_INFINITY;

  return async () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - readAtMs < FRESH_MS) return drills;
    for (const { name } of switches) {
      for (const { data, finishedAtMs } of await engine.jobs({ lane: name, status: 'succeeded', limit: JOBS_MAX })) {
        if (data.outcome !== 'drilled' || finishedAtMs === null) continue;
        newer(ofSwitch, name, finishedAtMs);
        for (const { kind, actor } of [data.trigger, ...data.joined]) {
          if (kind === 'button') newer(ofDevice, actor, finishedAtMs);
        }
      }
    }
    readAtMs = nowMs;
    return drills;
  };
}

function newer(known: Map<string, number>, name: string, atMs: number): void {
  known.set(name, Math.max(atMs, known.get(name) ?? 0));
}

/** Seconds since then; infinite when it never was. */
export function sinceDrill(atMs: number | undefined, clock: Clock): number {
  return atMs === undefined ? Number.POSITIVE_INFINITY : Math.max(0, clock.nowMs() - atMs) / 1_000;
}
