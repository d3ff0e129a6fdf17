import { Fault, isFault } from '../../../shared/faults.ts';
import { type StepContext, type StepResult, Stopped } from '../../engine/runbook.ts';
import type { ChangePlan } from '../plan.ts';
import { within } from '../within.ts';
import { pause } from './pace.ts';
import { type ReadBack, readBack } from './read-back.ts';
import { stopOf, timeOfDay, urgencyOf, type Walk } from './walk.ts';

export type ChangeDetail =
  /** Without an id when its reply was lost, and only the records tell that it was made. */
  | { readonly kind: 'accepted'; readonly changeId: string | null; readonly acceptedAtMs: number }
  /** Read and plan again. */
  | { readonly kind: 'again'; readonly refused: boolean }
  /** Not made, and not to be tried again: the job was interrupted, or its deadline has come. */
  | { readonly kind: 'stopped'; readonly by: 'interrupted' | 'deadline'; readonly message: string }
  /** Not sent, because the reason for it is gone. */
  | { readonly kind: 'withheld'; readonly reason: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string };

type Sent =
  | { readonly kind: 'accepted'; readonly changeId: string }
  | { readonly kind: 'withheld'; readonly reason: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'error'; readonly fault: Fault };

export interface Circumstances {
  /** An earlier run may have sent it: look first, never send blindly. */
  readonly resumed: boolean;
  /** Route 53 has refused the very same change a round ago. */
  readonly refusedBefore: boolean;
}

/**
 * Sends the batch, and does not believe an error until the records themselves have said that it was not made. Safe to
 * repeat: a resumed run reads back before it sends, and since every set is deleted exactly as downloaded before it is
 * created anew, a second sending of a change that was made is refused as a whole.
 *
 * Runs on after an interrupt and the deadline (`though`), because how the job ends depends on whether it was made; both
 * only stop it from sending.
 */
export async function change<State>(
  walk: Walk<State>,
  planned: ChangePlan,
  circumstances: Circumstances,
  context: StepContext,
): Promise<StepResult<ChangeDetail>> {
  const { run, target, world, pace } = walk;
  let attempt = attemptsOf(context);
  let fault: Fault | undefined;
  let unsure = circumstances.resumed;
  for (;;) {
    // A lost lease and a shutdown do not end the job: its next owner goes on.
    context.signal.throwIfAborted();
    if (unsure) {
      const found = await readBack(walk, context, planned);
      if (found.kind !== 'not-made') return concluded(walk, found, fault);
      unsure = false;
    }
    const final = fault ? judged(fault, circumstances) : undefined;
    if (final) return final;
    // The engine's own stop may be a moment late; the clock is not.
    if (world.clock.nowMs() >= run.deadlineAtMs) return stopped('deadline', fault);
    if (run.signal.aborted) return stopped(stopOf(run.signal)?.kind === 'deadline' ? 'deadline' : 'interrupted', fault);
    if (fault) {
      const again = `Attempt ${attempt + 1} follows, giving up at ${timeOfDay(run.deadlineAtMs)}.`;
      await context.progress(`${fault.message} ${again}`, { attempts: attempt });
      await pause(world, pace, attempt, run.deadlineAtMs, run.signal);
      if (run.signal.aborted) continue;
    }
    attempt += 1;
    const sent = await send(walk, planned, context);
    if (sent.kind === 'accepted') return accepted(walk, sent.changeId, attempt);
    if (sent.kind === 'withheld') {
      return { status: 'skipped', text: `Not sent: ${sent.reason}`, detail: { kind: 'withheld', reason: sent.reason } };
    }
    if (sent.kind === 'error') {
      fault = sent.fault;
      unsure = true;
      world.log.warn({ job: run.job.id, switch: target.name, attempt }, fault.message);
    }
  }
}

/** One call, in its turn. The last look and the call are one tick: nothing can be decided in between. */
async function send<State>(walk: Walk<State>, planned: ChangePlan, context: StepContext): Promise<Sent> {
  const { run, target, world, turns, budget, pace } = walk;
  try {
    return await turns.take(target.zone, run.signal, async () => {
      await budget.take(urgencyOf(walk), run.signal);
      const { job, state } = await run.look();
      const reason = job.data.automatic ? world.mayStillSend(job, state) : null;
      if (reason !== null) return { kind: 'withheld', reason };
      if (world.clock.nowMs() >= run.deadlineAtMs) throw new Stopped({ kind: 'deadline' });
      const batch = { comment: commentOf(walk), changes: planned.changes };
      try {
        // An interrupt does not break off a call under way: unheard, it might be carried out later all the same.
        const { changeId } = await within(world.clock, pace.callMs, context.signal, (signal) =>
          world.records.change(target.zone, batch, signal),
        );
        return { kind: 'accepted', changeId };
      } catch (error) {
        if (isFault(error)) return { kind: 'error', fault: error };
        throw error;
      }
    });
  } catch (error) {
    // A lost lease and a shutdown stop this step too; an interrupt and the deadline only keep it from sending.
    context.signal.throwIfAborted();
    if (error instanceof Stopped) return { kind: 'stopped' };
    throw error;
  }
}

/** Route 53 keeps at most 256 characters of it, and shows them in the console and in CloudTrail. */
function commentOf<State>({ run, target }: Walk<State>): string {
  const { command, to } = run.job.data;
  return `dashover job ${run.job.id}: ${command} ${target.name} to ${to}`.slice(0, 256);
}

/** How often earlier runs have tried, as they told it with their progress. */
function attemptsOf({ before }: StepContext): number {
  const told = typeof before === 'object' && before !== null ? Object.entries(before) : [];
  const attempts: unknown = told.find(([field]) => field === 'attempts')?.[1];
  return typeof attempts === 'number' ? attempts : 0;
}

function accepted<State>({ world }: Walk<State>, changeId: string, attempt: number): StepResult<ChangeDetail> {
  const attempts = attempt === 1 ? '' : ` at attempt ${attempt}`;
  return {
    text: `Route 53 accepted the change${attempts}.`,
    detail: { kind: 'accepted', changeId, acceptedAtMs: world.clock.nowMs() },
  };
}

function concluded<State>(
  { world }: Walk<State>,
  found: Exclude<ReadBack, { kind: 'not-made' }>,
  fault: Fault | undefined,
): StepResult<ChangeDetail> {
  const because = fault ? ` (${fault.message})` : '';
  switch (found.kind) {
    case 'made':
      return {
        text: `The change was made, though its reply did not arrive${because}: the records are as wanted.`,
        detail: { kind: 'accepted', changeId: null, acceptedAtMs: world.clock.nowMs() },
      };
    case 'moved':
      return {
        status: 'skipped',
        text: `Not made: somebody has changed the records since they were read. They are now: ${found.words}.`,
        detail: { kind: 'again', refused: false },
      };
    case 'unknown': {
      const message = `It could not be learnt whether the change was made: ${fault?.message ?? found.why}`;
      const { code, hint } = new Fault('unknown-outcome', message);
      return { status: 'failed', text: message, detail: { kind: 'failed', code, message, hint } };
    }
  }
}

/** What an error means once the records have said that nothing was changed; undefined to try again. */
function judged(fault: Fault, { refusedBefore }: Circumstances): StepResult<ChangeDetail> | undefined {
  const { code, message, hint } = fault;
  const failed: StepResult<ChangeDetail> = {
    status: 'failed',
    text: message,
    detail: { kind: 'failed', code, message, hint },
  };
  if (code === 'route53-zone-missing') return failed;
  if (code !== 'route53-refused') return undefined;
  // Route 53's texts are no interface, but a protection has no error code of its own, and a person wants to know.
  if (/protect/i.test(message)) {
    const detail: ChangeDetail = { kind: 'failed', code: 'protected', message, hint: new Fault('protected', '').hint };
    return { status: 'refused', text: message, detail };
  }
  if (refusedBefore) return failed;
  return { status: 'skipped', text: `${message} Reading the records again.`, detail: { kind: 'again', refused: true } };
}

function stopped(by: 'interrupted' | 'deadline', fault: Fault | undefined): StepResult<ChangeDetail> {
  const last = fault ? ` The last attempt: ${fault.message}` : '';
  const what = by === 'deadline' ? 'Not made before the deadline of the job.' : 'Not made: the job was stopped before.';
  const message = `${what}${last}`;
  return { status: by === 'deadline' ? 'failed' : 'skipped', text: message, detail: { kind: 'stopped', by, message } };
}
