import { Fault, isFault } from '../../shared/faults.ts';
import { delayMs } from './backoff.ts';
import { ALL_BUT_HARD, type Control, makeControl } from './control.ts';
import type { EndingReason } from './engine.ts';
import type { Inside, InsideOptions } from './inside.ts';
import type { JobEnd, Lease } from './job.ts';
import { MISTAKE_RETRY_MS } from './limits.ts';
import { makeRecorder, type Recorder } from './run.ts';
import { Stopped } from './runbook.ts';
import type { Claim } from './store.ts';

/** A job that this process runs. */
interface Running {
  readonly lease: Lease;
  readonly control: Control;
  readonly recorder: Recorder;
}

export interface Runner {
  start(claims: readonly Claim[]): void;
  running(): readonly Running[];
  /** No new runs; those that run are stopped. Resolves when each has come to its end or was handed over. */
  stop(): Promise<void>;
  /** Gives back what still runs, whatever it does: for the end of the patience. */
  abandon(): Promise<void>;
}

type Endings = Pick<InsideOptions, 'runbook' | 'failed' | 'stopped'>;

export function makeRunner(inside: Inside, { runbook, failed, stopped }: Endings): Runner {
  const { clock, ids, log } = inside;
  const runs = new Map<string, Running & { readonly done: Promise<void> }>();
  let stopping = false;
  let refused: Promise<unknown> = Promise.resolve();

  function begin(claim: Claim): void {
    // Claimed again by ourselves: our lease had run out unnoticed. The earlier run may write nothing more.
    runs.get(claim.lease.job)?.control.stop({ kind: 'lease-lost' });
    const control = makeControl();
    const running: Running = { lease: claim.lease, control, recorder: makeRecorder(inside, claim, control) };
    // An interrupt that an earlier owner had not obeyed yet.
    running.recorder.hear(claim.job.interrupt);
    const done = execute(running).finally(() => {
      if (runs.get(claim.lease.job)?.control === control) runs.delete(claim.lease.job);
    });
    runs.set(claim.lease.job, { ...running, done });
  }

  async function execute({ lease, control, recorder }: Running): Promise<void> {
    try {
      let end = await endOf(control, recorder);
      while ((await finish(lease, control, recorder, end)) === 'goes-on') end = await endOf(control, recorder, 'again');
    } catch (error) {
      const why = control.reason(ALL_BUT_HARD);
      if (why?.kind === 'shutdown') await handOver([lease]);
      else if (why) log.warn({ job: lease.job }, `job ${lease.job} was taken over by another owner; this run stops`);
      else log.error({ err: error, job: lease.job }, `the run of job ${lease.job} broke; its lease runs out`);
    }
  }

  /** How the job ends, also when the runbook threw; throws a hard `Stopped` when this run may not say. */
  async function endOf(control: Control, recorder: Recorder, again?: 'again'): Promise<JobEnd> {
    const { run } = recorder;
    try {
      // It has missed something: it goes on with the job as it is stored.
      if (again) await run.look();
      return await runbook(run);
    } catch (error) {
      control.check(ALL_BUT_HARD);
      const why = isFault(error) ? undefined : endingReason(control, error);
      if (why) {
        await (why.kind === 'deadline'
          ? recorder.close('failed', 'not finished when the deadline of the job came')
          : recorder.close('skipped', 'given up because the job was interrupted'));
        return stopped(run.job, why);
      }
      const fault = isFault(error) ? error : new Fault('internal-error', 'the job broke', { cause: error });
      const { job } = run;
      log.error({ err: error, job: job.id, lane: job.lane }, `job ${job.id} of ${job.lane} failed: ${fault.message}`);
      await recorder.close('failed', fault.message);
      return failed(run.job, fault);
    }
  }

  /** Stores the end, and what the rules make of it, under the lease. */
  async function finish(lease: Lease, control: Control, recorder: Recorder, end: JobEnd): Promise<'ended' | 'goes-on'> {
    const { lane } = recorder.run.job;
    const signal = control.signal(ALL_BUT_HARD);
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await inside.outage.patiently(
          () =>
            inside.decide({
              lane,
              lease,
              event: (_, job) => {
                if (!job) throw new Error(`the store lost job ${lease.job} while it ended`);
                return { kind: 'ended', job, end };
              },
            }),
          signal,
        );
        if (answer !== 'lease-lost') return answer.goesOn ? 'goes-on' : 'ended';
        control.stop({ kind: 'lease-lost' });
        throw new Stopped({ kind: 'lease-lost' });
      } catch (error) {
        if (signal.aborted) throw error;
        // The rules threw. The job stays ours and is asked about again, so that the mistake is seen and nothing is lost.
        log.error(
          { err: error, job: lease.job, lane },
          `the end of job ${lease.job} could not be decided; trying again`,
        );
        await clock.sleep(delayMs(attempt, MISTAKE_RETRY_MS, ids.random()), signal);
      }
    }
  }

  async function handOver(leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return;
    const names = leases.map(({ job }) => job).join(', ');
    try {
      await inside.outage.watch(inside.store.handOver(leases));
      log.info({ jobs: names }, `handed over: ${names}`);
    } catch (error) {
      log.warn(
        { err: error, jobs: names },
        `could not hand over ${names}; the next owner waits until the lease is over`,
      );
    }
  }

  return {
    start(claims) {
      if (stopping) refused = Promise.all([refused, handOver(claims.map(({ lease }) => lease))]);
      else for (const claim of claims) begin(claim);
    },
    running: () => [...runs.values()],
    async stop() {
      stopping = true;
      const left = [...runs.values()];
      for (const { control } of left) control.stop({ kind: 'shutdown' });
      await Promise.all(left.map(({ done }) => done));
    },
    async abandon() {
      await Promise.all([refused, handOver([...runs.values()].map(({ lease }) => lease))]);
    },
  };
}

/** The reason that made the runbook throw, when it was told to stop. */
function endingReason(control: Control, error: unknown): EndingReason | undefined {
  const why = error instanceof Stopped ? error.reason : control.reason();
  return why?.kind === 'interrupted' || why?.kind === 'deadline' ? why : undefined;
}
