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
  const body: MqttBody = { ...address, payload: JSON.stringify(content, null, 2), retain: false };
  return { receiver: MQTT_RECEIVER, key: null, body, expiresAtMs: nowMs + WORTH_MS[type] };
}

/** The retained state; of several undelivered ones only the newest is kept. */
export function stateMessage(state: State): Outgoing {
  const body: MqttBody = {
    topic: topics.state(state.switch),
    payload: JSON.stringify(state, null, 2),
    retain: true,
  };
  return { receiver: MQTT_RECEIVER, key: `state:${state.switch}`, body, expiresAtMs: null };
}
