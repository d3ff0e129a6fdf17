import type { JobRow } from '../../engine/job.ts';
import { replies, toJobs } from '../announce.ts';
import type { JobData, Origin, ReplyTo } from '../command.ts';
import { jobInWords } from '../sentences.ts';
import { recordsBefore, startOf } from '../state.ts';
import { isoTime, who } from '../text.ts';
import type { MoveCommand } from './admit.ts';
import { about, updateJob, write, type Draft } from './draft.ts';
import { takeOverIncident } from './incident.ts';

/** Who joined is listed this far; the journal has all of them. */
const JOINED_MAX = 50;
const REPLY_TO_MAX = 32;

/** The data of a job that a command makes. */
export function dataOf(
  draft: Draft,
  move: MoveCommand,
  to: string,
  of: { commandId: string | null; alert: string | null },
): JobData {
  const { state, nowMs } = draft;
  const { origin, ageMs, expiresInMs } = move;
  return {
    command: move.command,
    from: startOf(state),
    to,
    toNamed: move.to !== null,
    trigger: { kind: origin.kind, actor: origin.actor, id: of.commandId },
    joined: [],
    automatic: origin.automatic,
    alert: of.alert,
    reason: move.reason,
    override: move.override,
    revision: state.revision,
    pressedAtMs: ageMs > 0 ? nowMs - ageMs : null,
    expiresAtMs: expiresInMs === null ? null : nowMs - ageMs + expiresInMs,
    replyTo: origin.replyTo.slice(0, REPLY_TO_MAX),
    outcome: null,
    verified: null,
    cachesUntilMs: null,
    reading: null,
    // A restore to the records from before brings its destination along.
    before: to === 'before' ? recordsBefore(state) : null,
    error: null,
  };
}

/** The data of a job that nobody sends: automation looks again at an alert, or at a recovery that was held. */
export function dataOfJudgement(
  draft: Draft,
  wish: { command: 'failover' | 'restore'; to: string; alert: string },
  by: { kind: Origin['kind']; actor: string },
): JobData {
  const origin: Origin = { ...by, automatic: true, authenticated: true, replyTo: [] };
  const move: MoveCommand = {
    kind: 'move',
    command: wish.command,
    to: null,
    origin,
    alert: null,
    reason: null,
    ageMs: 0,
    expiresInMs: null,
    ifRevision: null,
    override: [],
  };
  return dataOf(draft, move, wish.to, { commandId: null, alert: wish.alert });
}

/** A command becomes part of a job for the same position; its sender is answered as if the job were its own. */
export function joinJob(
  draft: Draft,
  job: JobRow<JobData>,
  move: MoveCommand,
  from: { sender: string; commandId: string | null },
): JobRow<JobData> {
  const { origin } = move;
  const { commandId } = from;
  const joiner = { kind: origin.kind, actor: origin.actor, id: commandId, at: isoTime(draft.nowMs) };
  const joined = [...job.data.joined, joiner].slice(0, JOINED_MAX);
  const replyTo = withNew(job.data.replyTo, origin.replyTo);
  const data = { ...job.data, joined, replyTo };
  const merged = updateJob(draft, job, origin.automatic ? data : madeHuman(draft, data, move));
  if (commandId !== null) {
    draft.changes = [...draft.changes, { kind: 'alias', id: job.id, sender: from.sender, commandId }];
  }
  if (!origin.automatic) draft.state = takeOverIncident(draft.state, job.id);
  draft.messages.push(
    ...replies('accepted', toldTo(merged, joiner), origin.replyTo, draft.nowMs),
    toJobs('accepted', merged, draft.nowMs),
  );
  write(draft, 'joined', `${who(origin)} joined. ${jobInWords(merged)}`, { ...about(merged), joiner });
  return merged;
}

/**
 * The job as one sender is told of it: also when too many joined before it to be listed, it finds its own command in
 * `joined`, and knows that this is its job.
 */
export function toldTo(job: JobRow<JobData>, joiner: JobData['joined'][number]): JobRow<JobData> {
  const { trigger, joined } = job.data;
  const isThere = [trigger, ...joined].some(({ actor, id }) => actor === joiner.actor && id === joiner.id);
  return isThere ? job : { ...job, data: { ...job.data, joined: [...joined, joiner] } };
}

/** A human joined: alert and probe no longer stop the job, and what they allowed or named holds for it. */
function madeHuman(draft: Draft, data: JobData, move: MoveCommand): JobData {
  const { origin, override, reason } = move;
  const mine = dataOf(draft, move, data.to, { commandId: null, alert: null });
  const expiresAtMs =
    data.expiresAtMs === null || mine.expiresAtMs === null ? null : Math.max(data.expiresAtMs, mine.expiresAtMs);
  return {
    ...data,
    automatic: false,
    alert: null,
    expiresAtMs,
    // The hold that follows is the human's: an alert's title in it would be words that nobody said.
    reason: data.automatic ? reason : (data.reason ?? reason),
    toNamed: data.toNamed || mine.toNamed,
    override: [...new Set([...data.override, ...override])],
    ...(data.automatic ? { takenOverBy: { kind: origin.kind, actor: origin.actor } } : {}),
  };
}

function withNew(known: readonly ReplyTo[], added: readonly ReplyTo[]): readonly ReplyTo[] {
  const isKnown = (reply: ReplyTo): boolean =>
    known.some((other) => other.topic === reply.topic && other.correlationData === reply.correlationData);
  return [...known, ...added.filter((reply) => !isKnown(reply))].slice(0, REPLY_TO_MAX);
}
