import type { Command } from '../../shared/command.ts';

/**
 * What a clerk who only writes down facts knows of a button. No phases and no transitions: each deed and each lamp is
 * judged by itself, against what was pressed and what the endpoint has said.
 */
export class Clerk {
  readonly pressedAtMs = new Map<string, number>();
  readonly commands = new Map<string, string>();
  /** Ids of which the endpoint has said something. */
  readonly answered = new Set<string>();
  /** What was not right, in words. */
  readonly complaints: string[] = [];
  newest = '';
  linkUp = false;
  /** Positions to which a job of this button has come, by the endpoint's own word. */
  readonly confirmed = new Set<string>();
  /** The position told on the connection that stands. */
  position: string | undefined;
  revision: number | undefined;
  revisionAtPress: number | undefined;
  readonly #deadlineMs: number;
  readonly #lastAgeMs = new Map<string, number>();

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** A message left. */
  sent(road: string, { id = '', ageMs = -1, ifRevision, command }: Command, nowMs: number): void {
    const sinceMs = nowMs - (this.pressedAtMs.get(id) ?? Number.NaN);
    if (road === 'https') this.#must(sinceMs >= this.#deadlineMs / 3, `sent over HTTPS after ${sinceMs} ms`);
    else this.#must(this.linkUp, 'sent without a connection');
    this.#must(sinceMs < this.#deadlineMs, `sent ${sinceMs} ms after the press`);
    this.#must(ageMs === Math.round(sinceMs), `an age of ${ageMs}, ${sinceMs} ms after the press`);
    this.#must(ageMs >= (this.#lastAgeMs.get(id) ?? 0), 'an age that shrank');
    this.#must(!this.answered.has(id), 'repeated after it was answered');
    this.#must(this.newest === id, 'an older intention was sent');
    this.#must(ifRevision === (command === 'restore' ? this.revisionAtPress : undefined), `ifRevision ${ifRevision}`);
    this.#lastAgeMs.set(id, ageMs);
  }

  /** The lamp shows this now. */
  sees(lamp: string): void {
    this.#must(this.#mayShow(lamp), `the lamp shows ${lamp} without a reason`);
  }

  #mayShow(lamp: string): boolean {
    const told = this.linkUp ? this.position : undefined;
    switch (lamp) {
      case 'primary':
      case 'maintenance':
        return told === lamp || (!this.linkUp && this.confirmed.has(lamp));
      case 'moving':
        return told === 'moving' || this.answered.size > 0;
      case 'accepted':
      case 'drill':
      case 'refused':
        return this.answered.size > 0;
      case 'sent':
      case 'not-delivered':
        return !this.answered.has(this.newest);
      case 'offline':
        return !this.linkUp;
      case 'armed':
        return this.linkUp && this.position === undefined;
      default:
        return false;
    }
  }

  #must(so: boolean, complaint: string): void {
    if (!so) this.complaints.push(complaint);
  }
}
