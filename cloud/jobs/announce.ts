import type { JobMessage, State } from '../../shared/messages.ts';
import { topics } from '../../shared/topics.ts';
import type { JobRow } from '../engine/job.ts';
import type { Outgoing } from '../engine/lane.ts';
import type { JobData, ReplyTo } from './command.ts';
import { describeJob } from './describe.ts';

/** The receiver of everything below. */
export const MQTT_RECEIVER = 'mqtt';

/** The body of a message to the receiver `mqtt`. A type, so that it fits into the Json of an outgoing row. */
export type MqttBody = {
  readonly topic: string;
  /** Pretty-printed JSON: somebody reads it at a test client. */
  readonly payload: string;
  readonly retain: boolean;
  /** The topic is whole (a response topic), not below the prefix. */
  readonly whole?: boolean;
  /** Base64. */
  readonly correlationData?: string;
};

/**
 * How long a job message is worth delivering. A sender stops waiting for `accepted` when its command has expired, at
 * most ten minutes; progress is stale as soon as the next step has begun. States never expire: the newest is the truth.
 */
const WORTH_MS: Readonly<Record<JobMessage['type'], number>> = {
  accepted: 600_000,
  step: 60_000,
  finished: 600_000,
};

/** AWS IoT Core: 128 KB of payload; less, so that the topic and the properties fit as well. */
const PAYLOAD_BYTES_MAX = 120 * 1_024;
/** 40 × 500 characters, at most three bytes each: 60 KB. */
const DIFFERENCES_MAX = 40;
const DIFFERENCE_CHARS_MAX = 500;

/** One job message: first to each that waits for an answer, then to the topic of the switch's jobs. */
export function jobMessages(type: JobMessage['type'], job: JobRow<JobData>, nowMs: number): readonly Outgoing[] {
  return [...replies(type, job, job.data.replyTo, nowMs), toJobs(type, job, nowMs)];
}

/** The same message to somebody who joined or repeated a command, without telling all the others again. */
export function replies(
  type: JobMessage['type'],
  job: JobRow<JobData>,
  replyTo: readonly ReplyTo[],
  nowMs: number,
): readonly Outgoing[] {
  return replyTo.map(({ topic, whole, correlationData }) =>
    message(type, job, nowMs, {
      topic,
      ...(whole ? { whole } : {}),
      ...(correlationData === null ? {} : { correlationData }),
    }),
  );
}

/** The same message to the topic of the switch's jobs alone. */
export function toJobs(type: JobMessage['type'], job: JobRow<JobData>, nowMs: number): Outgoing {
  return message(type, job, nowMs, { topic: topics.jobs(job.lane) });
}

function message(
  type: JobMessage['type'],
  job: JobRow<JobData>,
  nowMs: number,
  address: Omit<MqttBody, 'payload' | 'retain'>,
): Outgoing {
  const content: JobMessage = { type, job: describeJob(job) };
  const body: MqttBody = { ...address, payload: payloadOf(content, withoutDetails), retain: false };
  return { receiver: MQTT_RECEIVER, key: null, body, expiresAtMs: nowMs + WORTH_MS[type] };
}

/** The retained state; of several undelivered ones only the newest is kept. */
export function stateMessage(state: State): Outgoing {
  const body: MqttBody = {
    topic: topics.state(state.switch),
    payload: payloadOf(state, withLittleDrift),
    retain: true,
  };
  return { receiver: MQTT_RECEIVER, key: `state:${state.switch}`, body, expiresAtMs: null };
}

/**
 * AWS IoT Core closes the connection of whoever publishes more than 128 KB, and the message would come first again after
 * it. A large zone can be that much: then what people read stays, and the rest is where there is room for it.
 */
function payloadOf<Content>(content: Content, shorten: (content: Content) => Content): string {
  const payload = JSON.stringify(content, null, 2);
  return Buffer.byteLength(payload) <= PAYLOAD_BYTES_MAX ? payload : JSON.stringify(shorten(content), null, 2);
}

function withoutDetails({ type, job }: JobMessage): JobMessage {
  const detail = { kind: 'elsewhere', at: `/api/jobs/${job.id}` };
  return { type, job: { ...job, steps: job.steps.map((step) => ({ ...step, detail })) } };
}

function withLittleDrift(state: State): State {
  const { drift } = state;
  if (!isDrift(drift)) return state;
  const { differences } = drift;
  const first = differences.slice(0, DIFFERENCES_MAX).map((text) => text.slice(0, DIFFERENCE_CHARS_MAX));
  const more = differences.length - first.length;
  return { ...state, drift: { differences: more === 0 ? first : [...first, `and ${more} more.`] } };
}

function isDrift(drift: State['drift']): drift is { differences: string[] } {
  return typeof drift === 'object' && drift !== null && 'differences' in drift && Array.isArray(drift['differences']);
}
