import { isUnfinished } from '../../cloud/engine/job.ts';
import type { SwitchState } from '../../cloud/jobs/state.ts';
import type { KnownJob, Ledger } from './ledger.ts';
import { must } from './must.ts';
import type { Decided } from './store.ts';

/** Codes with which only automation is refused. */
const FOR_AUTOMATION = new Set(['held', 'tripped', 'observe', 'off', 'acknowledged', 'wrong-position', 'alerts-open']);

/** How old each sending of a command said that it was, and how long it was good for: by sender and id. */
export type Claims = Map<string, Claim>;

interface Claim {
  readonly agesMs: Set<number>;
  readonly expiresInMs: number;
  /** One of them had a date as well, which tells an age that grows on the way. */
  dated: boolean;
}

/** The live records, by other code than the one that is tested: whether a job's end is so, and where a switch is. */
export interface Live {
  asWanted(lane: string, job: KnownJob): boolean;
  position(lane: string): string;
}

/**
 * What must hold of every decision that was committed, whatever has gone wrong before it. Throws with what does not.
 */
export function checkDecision(what: Decided, ledger: Ledger, claims: Claims, live: Live): void {
  checkObserved(what, ledger, live);
  const before = new Map([...ledger.jobs].map(([id, { status }]) => [id, status]));
  ledger.apply(what);
  checkRevision(what);
  checkMover(what, ledger);
  checkCommand(what, ledger, claims);
  checkAutomation(what, ledger);
  const running = ledger
    .unfinished(what.turn.lane)
    .filter(({ status, exclusive }) => exclusive && status === 'running');
  must(running.length <= 1, () => `${running.map(({ id }) => id).join(' and ')} run at the same time`);
  for (const change of what.decision.jobs) {
    const job = ledger.jobs.get(change.id);
    if (!job || change.kind === 'alias') continue;
    const was = before.get(job.id);
    must(
      was === undefined || isUnfinished({ status: was }),
      () => `${job.id} had ended as ${was} and is changed again`,
    );
    if (!isUnfinished(job)) checkEnd(job, ledger, live);
  }
}

/** Nobody is believed to have moved a switch whose records only jobs have written. */
function checkObserved({ event, state, decision, turn }: Decided, { history, jobs }: Ledger, live: Live): void {
  if (event.kind !== 'command' || event.command.kind !== 'observed' || !state || state.position === 'unknown') return;
  const { position, hold } = decision.state;
  const named = position !== 'primary' && position !== 'drifted' && !state.doubt;
  must(position === state.position || !named || hold.taken !== null, () => {
    return `${turn.lane} was moved to ${position} by somebody else, and nobody holds it`;
  });
  if (position === state.position || position === live.position(turn.lane)) return;
  const others = history.get(turn.lane)?.some(({ by }) => by === null);
  const forgotten = [...jobs.values()].some((job) => job.lane === turn.lane && job.forgotten);
  must(others === true || forgotten, () => {
    return `${turn.lane} is believed to have been moved to ${position}, and is at ${live.position(turn.lane)}`;
  });
}

/** Who is thanked for where a switch is has moved it there, as far as can be known. */
function checkMover({ decision, turn }: Decided, { jobs }: Ledger): void {
  const { by, position } = decision.state;
  const job = jobs.get(by?.job ?? '');
  if (by === null || !job) return;
  const { status, data } = job;
  const moved = (status === 'succeeded' && data.outcome === 'switched') || data.error?.code === 'unknown-outcome';
  must(moved, () => `${turn.lane} is at ${position}, moved by ${job.id}, which ended as ${status}, ${data.outcome}`);
}

function checkRevision({ state, decision, turn }: Decided): void {
  if (!state) return;
  const grown = decision.state.revision - state.revision;
  const changed = revised(state) !== revised(decision.state);
  must(grown === (changed ? 1 : 0), () => `${turn.lane}: the revision grew by ${grown}, ${changed ? '' : 'un'}changed`);
}

function revised({ position, hold, incident, tripped }: SwitchState): string {
  return JSON.stringify([position, hold, incident?.id ?? null, tripped]);
}

function checkCommand({ event, decision, turn }: Decided, ledger: Ledger, claims: Claims): void {
  if (event.kind !== 'command' || event.command.kind !== 'move') return;
  const { command, sender, commandId } = event;
  const { job, refusal } = decision.reply;
  const automatic = command.origin.automatic && command.command !== 'drill';
  must(automatic || !FOR_AUTOMATION.has(refusal?.code ?? ''), () => `a human was refused as ${refusal?.code}`);
  const key = `${sender} ${commandId}`;
  const claim = claims.get(key);
  if (claim) {
    const said = claim.agesMs.has(command.ageMs) || (claim.dated && command.ageMs > Math.min(...claim.agesMs));
    must(said, () => `${key} never said that it was ${command.ageMs} ms old`);
    must(claim.expiresInMs === command.expiresInMs, () => `${key} never expired in ${command.expiresInMs} ms`);
  }
  const first = commandId === null ? undefined : ledger.known.get(key);
  must(first === undefined || first === job?.id, () => `${key} was job ${first} and now is job ${job?.id}`);
  // News that moves nothing names the job that is there, and becomes no part of it.
  if (commandId !== null && job && decision.reply.movedNothing === undefined) ledger.known.set(key, job.id);
  const old = command.expiresInMs !== null && command.ageMs > command.expiresInMs;
  const known = job && ledger.jobs.get(job.id);
  if (first !== undefined || !known) return;
  must(!old || known.status === 'refused', () => `${key} was too old and became job ${known.id}, ${known.status}`);
  if (command.expiresInMs === null) return;
  const startBeforeMs = turn.nowMs - command.ageMs + command.expiresInMs;
  known.startBeforeMs = Math.max(known.startBeforeMs ?? 0, startBeforeMs);
}

/** Automation starts nothing on a switch that is held or tripped. */
function checkAutomation({ decision, turn }: Decided, ledger: Ledger): void {
  for (const change of decision.jobs) {
    const starts = change.kind === 'start' || (change.kind === 'add' && change.status === 'running');
    const job = ledger.jobs.get(change.id);
    if (!starts || !job?.data.automatic || !job.exclusive) continue;
    const { hold, tripped } = decision.state;
    must(!hold.asked && !hold.taken, () => `automation starts ${job.id} although ${turn.lane} is held`);
    must(!tripped, () => `automation starts ${job.id} although ${turn.lane} is tripped`);
  }
}

/** What a job says at its end is what it did to the records. */
function checkEnd(job: KnownJob, { history }: Ledger, live: Live): void {
  const { status, data } = job;
  const written = (history.get(job.lane) ?? []).slice(job.historyAtStart);
  const own = written.filter(({ by }) => by === job.id).length;
  const others = written.length - own;
  const words = `${job.id} (${data.command} to ${data.to}) ended as ${status}, ${data.outcome ?? data.error?.code}`;
  must(own === 0 || !job.cancelled, () => `${words}, was cancelled, and changed the records`);
  must(data.error?.code !== 'internal-error', () => `${words}: ${data.error?.message}`);
  if (status === 'succeeded') {
    if (data.outcome === 'drilled' || data.outcome === 'already-there') {
      must(own === 0, () => `${words}, and changed the records`);
    }
    if (data.outcome === 'drilled' || others > 0) return;
    // Accepted and forgotten is seen when it is settled; only who was told to end before that need not know.
    if (job.forgotten && (job.interrupted || data.verified === false)) return;
    must(own > 0 || data.outcome === 'already-there', () => `${words}, and changed nothing`);
    must(live.asWanted(job.lane, job), () => `${words}, and the records are not so`);
    return;
  }
  must(data.outcome === null && data.cachesUntilMs === null, () => `${words}, and says that it moved the switch`);
  if (data.error?.code === 'unknown-outcome' || others > 0) return;
  must(own === 0, () => `${words}, and changed the records`);
}
