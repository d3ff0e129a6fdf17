import { z } from 'zod';
import { CommandName } from '../../shared/command.ts';
import { type FaultCode, FAULTS } from '../../shared/faults.ts';
import { Job, Refusal, State, Step, Trigger } from '../../shared/messages.ts';

const Time = z.iso.datetime();
/** Any JSON. The recursion of `z.json()` cannot be written into a description. */
const Detail = z.any();

/** A step, a job and a state as they are answered: the messages, told more plainly. */
const StepAnswer = Step.extend({ detail: Detail });
export const JobAnswer = Job.extend({ steps: z.array(StepAnswer) });
export const StateAnswer = State.extend({ drift: z.object({ differences: z.array(z.string()) }).nullable() });

export const ErrorAnswer = z.object({
  error: z.object({
    code: z.enum(Object.keys(FAULTS) as [FaultCode, ...FaultCode[]]),
    message: z.string(),
    hint: z.string(),
  }),
});

/** A hold, a release, a cancel, an alert cleared: what was decided, the state, and the job that follows from it. */
export const Decided = z.object({ text: z.string(), state: StateAnswer, job: JobAnswer.nullable() });

export const States = z.object({ switches: z.array(StateAnswer) });
export const Jobs = z.object({ jobs: z.array(JobAnswer) });

/** What Datadog is told of news that rightly moved nothing. */
export const Recorded = z.object({ status: z.string(), text: z.string() });

export const Devices = z.object({
  devices: z.array(
    z.object({
      text: z.string(),
      device: z.string(),
      on: z.array(z.string()),
      may: z.array(CommandName),
      online: z.boolean(),
      session: z.string().nullable(),
      version: z.string().nullable(),
      commands: z.array(CommandName).nullable(),
      fault: z.string().nullable(),
      since: Time.nullable(),
      heardAt: Time.nullable(),
      lastDrillAt: Time.nullable(),
    }),
  ),
});

export const Access = z.object({
  actor: z.string(),
  may: z.array(z.enum([...CommandName.options, 'hold', 'release', 'cancel', 'alerts'])),
  journal: z.boolean(),
  switches: z.array(
    z.object({
      switch: z.string(),
      title: z.string(),
      names: z.array(z.string()),
      positions: z.array(z.string()),
      failoverTo: z.string(),
    }),
  ),
});

export const Journal = z.object({
  /** The last row that was exported and taken out: the first row's hash covers its hash. */
  anchor: z.object({ seq: z.int(), hash: z.string() }),
  entries: z.array(
    z.object({
      seq: z.int(),
      at: Time,
      kind: z.string(),
      switch: z.string().nullable(),
      text: z.string(),
      detail: Detail,
      hash: z.string(),
    }),
  ),
});

export const Alive = z.object({ status: z.literal('ok') });
export const Ready = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), reason: z.string().nullable() })),
});

/** The schemas that the description of the API names, for all routes to refer to. */
export const COMPONENTS: Readonly<Record<string, z.ZodType>> = {
  Job: JobAnswer,
  Step: StepAnswer,
  Trigger,
  Refusal,
  State: StateAnswer,
  Decided,
  Error: ErrorAnswer,
};
