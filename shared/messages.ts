import { z } from 'zod';
import { CommandName } from './command.ts';

const Time = z.iso.datetime();

export const TRIGGERS = ['button', 'mqtt', 'datadog', 'http', 'api', 'dashboard', 'cli'] as const;
export const TriggerKind = z.enum(TRIGGERS);
export type TriggerKind = z.infer<typeof TriggerKind>;

/** Where a command came from: the road, the device, token or trigger on it, and the command's own id. */
export const Trigger = z.object({ kind: TriggerKind, actor: z.string(), id: z.string().nullable() });
export type Trigger = z.infer<typeof Trigger>;

export const JOB_STATUSES = [
  'waiting',
  'queued',
  'running',
  'succeeded',
  'failed',
  'refused',
  'superseded',
  'expired',
  'cancelled',
] as const;
export const JobStatus = z.enum(JOB_STATUSES);
export type JobStatus = z.infer<typeof JobStatus>;

export const StepStatus = z.enum(['running', 'succeeded', 'failed', 'refused', 'skipped']);
export type StepStatus = z.infer<typeof StepStatus>;

export const Step = z.object({
  name: z.string(),
  status: StepStatus,
  startedAt: Time,
  finishedAt: Time.nullable(),
  text: z.string(),
  detail: z.json(),
});
export type Step = z.infer<typeof Step>;

export const Refusal = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  /** The guard that refused, when one did: the id that `override` would name. */
  guard: z.string().nullable(),
});
export type Refusal = z.infer<typeof Refusal>;

/** One accepted command, with its timeline: what the job messages, the API and the page show. */
export const Job = z.object({
  /** The whole job in one sentence for people. */
  text: z.string(),
  id: z.string(),
  switch: z.string(),
  command: CommandName,
  from: z.string().nullable(),
  to: z.string(),
  status: JobStatus,
  outcome: z.enum(['switched', 'already-there', 'drilled']).nullable(),
  verified: z.boolean().nullable(),
  trigger: Trigger,
  joined: z.array(Trigger.extend({ at: Time })),
  reason: z.string().nullable(),
  /** The switch's revision when the job was accepted. */
  revision: z.int(),
  acceptedAt: Time,
  startedAt: Time.nullable(),
  finishedAt: Time.nullable(),
  /** When the button was pressed or the word was sent, by the sender's own account of its age. */
  pressedAt: Time.nullable(),
  cachesUntil: Time.nullable(),
  steps: z.array(Step),
  error: Refusal.nullable(),
});
export type Job = z.infer<typeof Job>;

export const JobMessage = z.object({ type: z.enum(['accepted', 'step', 'finished']), job: Job });
export type JobMessage = z.infer<typeof JobMessage>;

export const Alert = z.object({ key: z.string(), since: Time, title: z.string(), acknowledged: z.boolean() });
export type Alert = z.infer<typeof Alert>;

/** The state of a switch: retained on MQTT, and `GET /api/switches/{switch}`. */
export const State = z.object({
  /** The whole state in one sentence for people. */
  text: z.string(),
  switch: z.string(),
  /** A position's name, or `moving`, `drifted`, `unknown`. */
  position: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  revision: z.int(),
  since: Time.nullable(),
  asOf: Time,
  by: z.object({ trigger: TriggerKind, actor: z.string(), job: z.string() }).nullable(),
  hold: z.object({ by: z.string(), reason: z.string().nullable(), since: Time, until: Time.nullable() }).nullable(),
  automation: z.enum(['on', 'observe', 'off', 'held', 'tripped']),
  alerts: z.array(Alert),
  incident: z.string().nullable(),
  job: z.string().nullable(),
  cachesUntil: Time.nullable(),
  drift: z.json(),
});
export type State = z.infer<typeof State>;

/** What a refused command is answered with on a device's `replies`, and (without `id`) on `errors`. */
export const RefusalMessage = z.object({
  type: z.literal('refused'),
  text: z.string(),
  id: z.string().nullable(),
  error: Refusal,
});
export type RefusalMessage = z.infer<typeof RefusalMessage>;

/** Of what a button says is wrong with it; more is cut. */
export const FAULT_CHARACTERS_MAX = 500;

export const DevicePresence = z.object({
  online: z.boolean(),
  session: z.string().min(1).max(64),
  version: z.string().max(64).optional(),
  commands: z.array(CommandName).optional(),
  /** What is wrong with the device itself, in a sentence: a jammed button, a line that cannot be read. */
  fault: z.string().max(FAULT_CHARACTERS_MAX).optional(),
});
export type DevicePresence = z.infer<typeof DevicePresence>;
