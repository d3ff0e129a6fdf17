import { canonicalName } from '../dns/name.ts';
import { ApiError, noSuchHostedZone } from './api-error.ts';
import { applyBatch } from './apply.ts';
import type { Surroundings } from './apply.ts';
import type { Change } from './record-set.ts';
import type { ChangeInfo } from './replies.ts';
import { emptyZone } from './zone.ts';
import type { Zone, ZoneSeed } from './zone.ts';

/** Where time comes from, so that a test may bring its own. */
export interface Timing {
  nowMs(): number;
  /** Calls back once, after `ms`; the function it returns takes that back. */
  after(ms: number, callback: () => void): () => void;
}

export const realTiming: Timing = {
  nowMs: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

interface PendingChange {
  readonly sequence: number;
  readonly zone: Zone;
  info: ChangeInfo;
  cancel: (() => void) | undefined;
}

/** What a submitted batch became. */
export interface Submitted {
  readonly info: ChangeInfo;
  readonly changes: readonly Change[];
}

const CHANGE_ID_LENGTH = 21;

/** The zones of one account: as the API sees them, and as the name servers do once a change is INSYNC. */
export class Account {
  /** How long a change stays PENDING, milliseconds; Infinity until `settle`. */
  insyncAfterMs: number;
  readonly #timing: Timing;
  readonly #zones = new Map<string, Zone>();
  readonly #served = new Map<string, { readonly sequence: number; readonly zone: Zone }>();
  readonly #changes = new Map<string, PendingChange>();
  readonly #listeners = new Set<(changeId: string) => void>();
  readonly #healthChecks: ReadonlySet<string> | undefined;
  readonly #unhealthy = new Set<string>();
  #sequence = 0;

  constructor(seeds: readonly ZoneSeed[], insyncAfterMs: number, timing: Timing, healthChecks?: readonly string[]) {
    this.insyncAfterMs = insyncAfterMs;
    this.#timing = timing;
    this.#healthChecks = healthChecks && new Set(healthChecks);
    for (const seed of seeds) this.#plant(seed);
  }

  #plant(seed: ZoneSeed): void {
    const empty = emptyZone(seed);
    // UPSERT, so that a seed may bring its own NS and SOA.
    const batch = (seed.records ?? []).map((set) => ({ action: 'UPSERT' as const, set }));
    // A seed is as large as it likes: the limits of a request are kept by applying it set by set.
    let zone = empty;
    for (const change of batch) {
      const applied = applyBatch(zone, [change], this.#around(seed.id));
      if (applied.kind === 'refused') {
        throw new Error(
          `Zone ${seed.name} can't begin with ${change.set.type} ${change.set.name}: ${applied.error.message}`,
        );
      }
      zone = applied.zone;
    }
    this.#zones.set(seed.id, zone);
    this.#served.set(seed.id, { sequence: 0, zone });
  }

  #around(zoneId: string): Surroundings {
    const otherZones = new Set([...this.#zones.keys()].filter((id) => id !== zoneId));
    return { otherZones, healthChecks: this.#healthChecks };
  }

  /** Throws an ApiError `NoSuchHostedZone`. */
  zone(id: string): Zone {
    const zone = this.#zones.get(id);
    if (!zone) throw noSuchHostedZone(id);
    return zone;
  }

  zones(): readonly Zone[] {
    return [...this.#zones.values()];
  }

  /** What the name servers answer from: every change that is INSYNC, and nothing of those that are not. */
  served(): readonly Zone[] {
    return [...this.#served.values()].map(({ zone }) => zone);
  }

  /** Makes one change, all of it or nothing. Throws an ApiError. `extraMs` is how much longer it stays PENDING. */
  submit(zoneId: string, batch: readonly Change[], comment: string | undefined, extraMs = 0): Submitted {
    const applied = applyBatch(this.zone(zoneId), batch, this.#around(zoneId));
    if (applied.kind === 'refused') throw applied.error;
    this.#zones.set(zoneId, applied.zone);
    const info = this.#newChange(comment);
    const pending: PendingChange = { sequence: ++this.#sequence, zone: applied.zone, info, cancel: undefined };
    this.#changes.set(info.id, pending);
    const waitMs = this.insyncAfterMs + extraMs;
    if (waitMs === 0) this.#settle(pending);
    else if (Number.isFinite(waitMs)) pending.cancel = this.#timing.after(waitMs, () => this.#settle(pending));
    return { info, changes: applied.changes };
  }

  /** Judges a change and answers as if it were made, but forgets it: what accelerated recovery may do. Throws an ApiError. */
  forget(zoneId: string, batch: readonly Change[], comment: string | undefined): Submitted {
    const applied = applyBatch(this.zone(zoneId), batch, this.#around(zoneId));
    if (applied.kind === 'refused') throw applied.error;
    return { info: this.#newChange(comment), changes: applied.changes };
  }

  #newChange(comment: string | undefined): ChangeInfo {
    const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
    const id = Array.from({ length: CHANGE_ID_LENGTH }, () =>
      characters.charAt(Math.floor(Math.random() * characters.length)),
    );
    return { id: `C${id.join('')}`, status: 'PENDING', submittedAtMs: this.#timing.nowMs(), comment };
  }

  #settle(pending: PendingChange): void {
    if (pending.info.status === 'INSYNC') return;
    pending.cancel?.();
    pending.info = { ...pending.info, status: 'INSYNC' };
    const served = this.#served.get(pending.zone.id);
    // A later change holds all the earlier ones: one that settles late must not take the zone back.
    if (!served || served.sequence < pending.sequence) {
      this.#served.set(pending.zone.id, { sequence: pending.sequence, zone: pending.zone });
    }
    for (const listener of this.#listeners) listener(pending.info.id);
  }

  /** Every pending change is INSYNC now. */
  settle(): void {
    for (const pending of this.#changes.values()) this.#settle(pending);
  }

  /** Throws an ApiError `NoSuchChange`. */
  change(id: string): ChangeInfo {
    const pending = this.#changes.get(id);
    if (!pending) throw new ApiError('NoSuchChange', `Could not find resource with ID: ${id}`, 404);
    return pending.info;
  }

  /** Calls back with the id of every change that becomes INSYNC, until the returned function is called. */
  onInsync(listener: (changeId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Protects a name and type, or gives them back; the name as people write it. Throws NoSuchHostedZone, FormatFault. */
  protect(zoneId: string, name: string, type: string, comment: string | undefined): void {
    const zone = this.zone(zoneId);
    const protections = new Map(zone.protections).set(`${canonicalName(name)} ${type}`, comment ?? '');
    this.#zones.set(zoneId, { ...zone, protections });
  }

  unprotect(zoneId: string, name: string, type: string): void {
    const zone = this.zone(zoneId);
    const protections = new Map(zone.protections);
    protections.delete(`${canonicalName(name)} ${type}`);
    this.#zones.set(zoneId, { ...zone, protections });
  }

  setHealth(healthCheckId: string, healthy: boolean): void {
    if (healthy) this.#unhealthy.delete(healthCheckId);
    else this.#unhealthy.add(healthCheckId);
  }

  isHealthy(healthCheckId: string): boolean {
    return !this.#unhealthy.has(healthCheckId);
  }

  close(): void {
    for (const pending of this.#changes.values()) pending.cancel?.();
    this.#listeners.clear();
  }
}
