import type { JobRow } from '../../engine/job.ts';
import { replies, toJobs } from '../announce.ts';
import type { JobData } from '../command.ts';
import { isUnfinished } from '../../engine/job.ts';
import { jobInWords } from '../sentences.ts';
import { isoTime, place, who } from '../text.ts';
import { admit, type MoveCommand } from './admit.ts';
import type { Answer, From } from './answer.ts';
import { automaticMove } from './automatic.ts';
import { recordRefusal } from './begin.ts';
import { about, addJob, endJob, interruptJob, write, type Draft } from './draft.ts';
import { openIncident } from './incident.ts';
import { dataOf, joinJob, toldTo } from './new-job.ts';
import type { CodedRefusal } from './refusal.ts';
import { placeDrill, placeHuman } from './schedule.ts';

/** Every move comes here: admitted or not, then to automation's stages or straight to its place among the jobs. */
export function onMove(draft: Draft, move: MoveCommand, from: From, known: JobRow<JobData> | null): Answer {
  if (known) return repeat(draft, known, move, from);
  const admission = admit(move, draft.settings, draft.state);
  switch (admission.kind) {
    case 'turned-away':
      write(draft, 'refused', `${who(move.origin)} asked for a ${move.command}: ${admission.error.message}`, {
        code: admission.error.code,
        command: move.command,
        trigger: { kind: move.origin.kind, actor: move.origin.actor, id: from.commandId },
      });
      return { job: null, refusal: admission.error, text: admission.error.message };
    case 'refused': {
      const data = dataOf(draft, move, admission.to, { commandId: from.commandId, alert: null });
      return recordRefusal(draft, data, admission.error, from);
    }
    case 'admitted':
      if (move.origin.automatic && move.command !== 'drill') return automaticMove(draft, move, admission.to, from);
      return takePlace(draft, move, admission.to, from);
  }
}

/**
 * The same id of the same sender is the same job. Its sender repeats because it has no answer, so it is answered again,
 * and nothing else happens. What it waits for is `accepted`, also when the job has ended meanwhile; only a job that was
 * refused at once never was.
 */
function repeat(draft: Draft, known: JobRow<JobData>, { origin }: MoveCommand, { commandId }: From): Answer {
  const atStart = known.status === 'refused' && known.startedAtMs === null;
  const repeater = { kind: origin.kind, actor: origin.actor, id: commandId, at: isoTime(draft.nowMs) };
  for (const type of ['accepted', 'finished'] as const) {
    if (type === 'accepted' ? atStart : isUnfinished(known)) continue;
    const again = replies(type, toldTo(known, repeater), origin.replyTo, draft.nowMs);
    draft.messages.push(...(again.length > 0 ? again : [toJobs(type, known, draft.nowMs)]));
  }
  const text = jobInWords(known);
  write(draft, 'repeat', `${who(origin)} sent a command again that is known. ${text}`, about(known));
  // What was refused at its start is answered with the refusal again; what was refused on its road was accepted first.
  const { error } = known.data;
  const refused = atStart && error ? (error as CodedRefusal) : null;
  return { job: known, refusal: refused, text };
}

/** A human's command, or a drill: nobody asks whether it may, only where it goes. */
function takePlace(draft: Draft, move: MoveCommand, to: string, from: From): Answer {
  const drill = move.command === 'drill';
  const found = drill ? placeDrill(to, draft.jobs) : placeHuman(to, draft.jobs);
  const text = `${who(move.origin)} asked for a ${move.command} to ${place(to)}.`;
  for (const job of found.supersede) endJob(draft, job, { status: 'superseded', data: { ...job.data, note: text } });
  for (const job of found.interrupt) interruptJob(draft, job, { status: 'superseded', text });
  const job = found.join ? joinJob(draft, found.join, move, from) : add(draft, move, to, from, found.status);
  if (move.command === 'failover') draft.state = openIncident(draft.state, job.id, 'human');
  return { job, refusal: null, text: jobInWords(job) };
}

function add(draft: Draft, move: MoveCommand, to: string, from: From, status: 'running' | 'queued'): JobRow<JobData> {
  const data = dataOf(draft, move, to, { commandId: from.commandId, alert: null });
  const job = addJob(draft, { status, ...from, data });
  write(draft, 'accepted', jobInWords(job), about(job));
  return job;
}
