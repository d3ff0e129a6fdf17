import type { Json } from '../../shared/json.ts';
import { type Control, makeControl } from '../../cloud/engine/control.ts';
import type { JobEnd, JobRow, StepRow } from '../../cloud/engine/job.ts';
import type { Run, Runbook } from '../../cloud/engine/runbook.ts';
import type { Interrupt, JobData } from '../../cloud/jobs/command.ts';

/** The process died: whatever it does afterwards reaches nobody. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** Every write that a run makes, in order: `begin guard`, `end guard`, `progress change`, `look`. */
type Write = string;

export interface DriverOptions<State> {
  /** Made anew for each run: a process that starts has nothing in memory. */
  readonly makeRunbook: () => Runbook<JobData, State>;
  readonly lane?: string;
  readonly data?: Partial<JobData>;
  readonly state: State;
  readonly deadlineMs?: number;
}

/** One job in memory, run as the engine runs it: stored steps, stops, and a crash wherever a test wants one. */
export interface Driver {
  /** Runs the job, from its start or from what earlier runs have stored. Rejects with Crash after a crash. */
  run(): Promise<JobEnd<JobData>>;
  /** The process dies at this write of the next run (0 is the first): before it is stored, or right after. */
  crashAt(write: number, when: 'before' | 'after'): void;
  interrupt(reason: Interrupt): void;
  /** A human joins: what the rules then write into its data. */
  joined(data: Partial<JobData>): void;
  stop(reason: 'lease-lost' | 'shutdown' | 'deadline'): void;
  /** As stored. */
  readonly job: JobRow<JobData>;
  readonly writes: readonly Write[];
  onWrite(listener: (write: Write) => void): void;
  step(name: string): StepRow | undefined;
}

export const JOB_DATA: JobData = {
  command: 'failover',
  from: 'primary',
  to: 'maintenance',
  toNamed: false,
  trigger: { kind: 'api', actor: 'ops', id: null },
  joined: [],
  automatic: false,
  alert: null,
  reason: null,
  override: [],
  revision: 1,
  pressedAtMs: null,
  expiresAtMs: null,
  replyTo: [],
  outcome: null,
  verified: null,
  cachesUntilMs: null,
  reading: null,
  before: null,
  error: null,
};

let jobs = 0;

export function driveJob<State>(options: DriverOptions<State>): Driver {
  const deadlineAtMs = Date.now() + (options.deadlineMs ?? 15_000);
  const writes: Write[] = [];
  const listeners = new Set<(write: Write) => void>();
  let control: Control = makeControl();
  let crash: { readonly write: number; readonly when: 'before' | 'after' } | undefined;
  let job: JobRow<JobData> = {
    id: `job-${++jobs}`,
    lane: options.lane ?? 'www',
    status: 'running',
    exclusive: true,
    sender: 'token:ops',
    commandId: null,
    data: { ...JOB_DATA, ...options.data },
    acceptedAtMs: Date.now(),
    startedAtMs: Date.now(),
    finishedAtMs: null,
    deadlineAtMs,
    interrupt: null,
    steps: [],
  };

  function makeRun(mine: Control): Run<JobData, State> {
    let count = 0;
    let dead = false;
    const write = (what: Write, store: () => void): void => {
      if (dead) throw new Crash();
      const dies = crash && crash.write === count++ ? crash.when : undefined;
      if (dies === undefined || dies === 'after') {
        store();
        writes.push(what);
        for (const listener of listeners) listener(what);
      }
      if (dies === undefined) return;
      dead = true;
      crash = undefined;
      throw new Crash();
    };
    const put = (row: StepRow): void => {
      const others = job.steps.filter(({ name }) => name !== row.name);
      // Through JSON, as a store does it: what does not survive that is a mistake of the runbook.
      job = { ...job, steps: [...others, structuredClone(JSON.parse(JSON.stringify(row)) as StepRow)] };
    };
    const timer = setTimeout(() => mine.stop({ kind: 'deadline' }), Math.max(0, deadlineAtMs - Date.now()));
    timer.unref();
    if (job.interrupt !== null) mine.stop({ kind: 'interrupted', reason: job.interrupt });
    return {
      get job() {
        return job;
      },
      deadlineAtMs,
      signal: mine.signal(),
      async step(name, act, { though = [] } = {}) {
        mine.check(though);
        const earlier = job.steps.find((step) => step.name === name);
        if (earlier && earlier.status !== 'running' && earlier.status !== 'failed') return earlier.detail as never;
        const row: StepRow = {
          name,
          status: 'running',
          startedAtMs: earlier?.startedAtMs ?? Date.now(),
          finishedAtMs: null,
          text: earlier?.text ?? '',
          detail: earlier?.detail ?? null,
        };
        write(`begin ${name}`, () => put(row));
        const context = {
          signal: mine.signal(though),
          before: row.detail,
          progress: async (text: string, detail: Json) =>
            write(`progress ${name}`, () => put({ ...row, text, detail })),
        };
        const result = await act(context).catch((error: unknown) => {
          if (dead) throw new Crash();
          mine.check(though);
          throw error;
        });
        const { status = 'succeeded', text, detail } = result;
        write(`end ${name}`, () => put({ ...row, status, text, detail, finishedAtMs: Date.now() }));
        return job.steps.find((step) => step.name === name)?.detail as never;
      },
      has: (name, status) => job.steps.some((step) => step.name === name && step.status === status),
      async look() {
        mine.check();
        write('look', () => undefined);
        mine.check();
        return { job, state: options.state };
      },
    };
  }

  return {
    run() {
      control = makeControl();
      return options.makeRunbook()(makeRun(control));
    },
    crashAt(write, when) {
      crash = { write, when };
    },
    interrupt(reason) {
      job = { ...job, interrupt: reason };
      control.stop({ kind: 'interrupted', reason });
    },
    joined(data) {
      job = { ...job, data: { ...job.data, ...data } };
    },
    stop(kind) {
      control.stop({ kind });
    },
    get job() {
      return job;
    },
    writes,
    onWrite: (listener) => void listeners.add(listener),
    step: (name) => job.steps.find((step) => step.name === name),
  };
}
