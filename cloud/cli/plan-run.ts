import type { Clock } from '../../shared/clock.ts';
import { makeControl } from '../engine/control.ts';
import type { JobRow, StepRow } from '../engine/job.ts';
import type { Runbook } from '../engine/runbook.ts';
import type { Interrupt, JobData } from '../jobs/command.ts';

interface RunOnce {
  readonly clock: Clock;
  /** A step has ended. */
  readonly onStep: (job: JobRow<JobData>) => void;
  readonly onProgress: (text: string) => void;
}

/**
 * Runs a job in memory, once, as the engine runs it from its store: until it ends, its deadline comes, or Ctrl-C, which
 * stops it at the next safe place (a change under way is read back first). A second Ctrl-C ends the process at once.
 */
export async function runOnce(
  runbook: Runbook<JobData, null>,
  first: JobRow<JobData>,
  { clock, onStep, onProgress }: RunOnce,
): Promise<JobRow<JobData>> {
  let job = first;
  const control = makeControl();
  const over = new AbortController();
  const deadlineAtMs = first.deadlineAtMs ?? clock.nowMs();
  const put = (row: StepRow): void => {
    job = { ...job, steps: [...job.steps.filter(({ name }) => name !== row.name), row] };
  };
  const interrupt = (): void => {
    const reason: Interrupt = { status: 'cancelled', text: 'Ctrl-C at the terminal.' };
    job = { ...job, interrupt: reason };
    control.stop({ kind: 'interrupted', reason });
  };
  void clock.sleep(deadlineAtMs - clock.nowMs(), over.signal).then(() => control.stop({ kind: 'deadline' }));
  process.once('SIGINT', interrupt);
  try {
    const end = await runbook({
      get job() {
        return job;
      },
      deadlineAtMs,
      signal: control.signal(),
      async step(name, act, { though = [] } = {}) {
        control.check(though);
        const row: StepRow = {
          name,
          status: 'running',
          startedAtMs: clock.nowMs(),
          finishedAtMs: null,
          text: '',
          detail: null,
        };
        put(row);
        const {
          status = 'succeeded',
          text,
          detail,
        } = await act({
          signal: control.signal(though),
          before: null,
          progress: async (text) => onProgress(text),
        }).catch((error: unknown) => {
          control.check(though);
          throw error;
        });
        put({ ...row, status, text, detail, finishedAtMs: clock.nowMs() });
        onStep(job);
        return detail;
      },
      has: (name, status) => job.steps.some((step) => step.name === name && step.status === status),
      async look() {
        control.check();
        return { job, state: null };
      },
    });
    return { ...job, ...end, finishedAtMs: clock.nowMs() };
  } finally {
    over.abort();
    process.off('SIGINT', interrupt);
  }
}
