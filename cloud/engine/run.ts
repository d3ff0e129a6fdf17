import type { Json } from '../../shared/json.ts';
import type { StepStatus } from '../../shared/messages.ts';
import { ALL_BUT_HARD, type Control } from './control.ts';
import type { JobRow, StepRow } from './job.ts';
import type { Inside } from './inside.ts';
import { LOOK_MS_MAX } from './limits.ts';
import type { Run, StepContext, StepOptions, StepResult } from './runbook.ts';
import { Stopped } from './runbook.ts';
import type { Claim } from './store.ts';

/** A run, and what the runner needs of it besides what the runbook sees. */
export interface Recorder {
  readonly run: Run;
  /** An interrupt that was stored for the job, or null. */
  hear(interrupt: Json): void;
  /** Ends the step that was left running, when there is one. */
  close(status: Exclude<StepStatus, 'running'>, text: string): Promise<void>;
  /** Monotonic time of the last thing that it stored, and the step it is in. */
  progress(): { readonly atMs: number; readonly step: string | null };
}

/** A run of the claimed job whose every step is stored under its lease. */
export function makeRecorder(inside: Inside, { job: claimed, lease }: Claim, control: Control): Recorder {
  const { clock } = inside;
  const deadlineAtMs = claimed.deadlineAtMs ?? Number.POSITIVE_INFINITY;
  let job = claimed;
  let storedAtMs = clock.monotonicMs();
  let begun = 0;
  /** Writes go one after the other: progress must not overtake the beginning of its step while the store is away. */
  let last: Promise<unknown> = Promise.resolve();

  function refresh(newer: JobRow): void {
    job = { ...newer, interrupt: newer.interrupt ?? job.interrupt };
    hear(job.interrupt);
  }

  /** Once interrupted, a job stays so, whatever an older reading says. */
  function hear(interrupt: Json): void {
    if (interrupt === null) return;
    job = { ...job, interrupt };
    control.stop({ kind: 'interrupted', reason: interrupt });
  }

  async function write(step: StepRow): Promise<void> {
    const before = last;
    const written = (async () => {
      await before;
      await writeNow(step);
    })();
    last = written.catch(() => undefined); // its own caller hears of it
    await written;
  }

  async function writeNow(step: StepRow): Promise<void> {
    const answer = await stillOurs(() => inside.step(lease, step));
    storedAtMs = clock.monotonicMs();
    refresh(answer);
  }

  /** The store's answer about our job; throws when it is no longer ours, or when a hard stop ends the waiting. */
  async function stillOurs<T>(call: () => Promise<T | 'lease-lost'>): Promise<T> {
    try {
      const answer = await inside.outage.patiently(call, control.signal(ALL_BUT_HARD));
      if (answer === 'lease-lost') control.stop({ kind: 'lease-lost' });
      else return answer;
    } catch (error) {
      control.check(ALL_BUT_HARD);
      throw error;
    }
    throw new Stopped({ kind: 'lease-lost' });
  }

  async function step<Detail extends Json>(
    name: string,
    act: (context: StepContext) => Promise<StepResult<Detail>>,
    { though = [] }: StepOptions = {},
  ): Promise<Detail> {
    control.check(though);
    const earlier = job.steps.find((one) => one.name === name);
    if (earlier && earlier.status !== 'running' && earlier.status !== 'failed') return earlier.detail as Detail;
    const row: StepRow = {
      name,
      status: 'running',
      startedAtMs: earlier?.startedAtMs ?? clock.nowMs(),
      finishedAtMs: null,
      text: earlier?.text ?? '',
      // Kept as an earlier run left it, for the next one should this one die before it tells anything.
      detail: earlier?.detail ?? null,
    };
    const begin = write(row);
    // The first step of a run waits until it is stored, so that whoever asked for the job has the answer before anything
    // is done. Later ones act while their beginning is stored: a commit less on the way to the change.
    if (begun++ === 0) await begin;
    const acting = perform(act, row, control.signal(though));
    const [stored, acted] = await Promise.allSettled([begin, acting]);
    if (stored.status === 'rejected') throw stored.reason;
    if (acted.status === 'rejected') {
      // What breaks off because it was told to is no failure; what it says about itself is of no use then.
      control.check(though);
      throw acted.reason;
    }
    const { status = 'succeeded', text, detail } = acted.value;
    await write({ ...row, status, text, detail, finishedAtMs: clock.nowMs() });
    // As it was stored, which is what a resumed run will see.
    return (job.steps.find((one) => one.name === name)?.detail ?? null) as Detail;
  }

  async function perform<T>(act: (context: StepContext) => Promise<T>, row: StepRow, signal: AbortSignal): Promise<T> {
    return act({
      signal,
      before: row.detail,
      progress: (text, detail) => write({ ...row, text, detail }),
    });
  }

  async function look(): ReturnType<Run['look']> {
    for (;;) {
      control.check();
      const askedAtMs = clock.monotonicMs();
      const seen = await stillOurs(() => inside.store.look(lease));
      // Only this run writes its steps, and a look beside a write may have read the job as it was before it.
      refresh({ ...seen.job, steps: job.steps });
      if (clock.nowMs() >= deadlineAtMs) control.stop({ kind: 'deadline' });
      control.check();
      // An older answer may be of a lease that is over by now: this process stood still before it heard it.
      if (clock.monotonicMs() - askedAtMs <= LOOK_MS_MAX) return { job, state: seen.state };
    }
  }

  return {
    run: {
      get job() {
        return job;
      },
      deadlineAtMs,
      signal: control.signal(),
      step,
      has: (name, status) => job.steps.some((one) => one.name === name && one.status === status),
      look,
    },
    hear,
    async close(status, text) {
      const open = job.steps.find((one) => one.status === 'running');
      if (open) await write({ ...open, status, text, finishedAtMs: clock.nowMs() });
    },
    progress: () => ({ atMs: storedAtMs, step: job.steps.find((one) => one.status === 'running')?.name ?? null }),
  };
}
