import { JobMessage, RefusalMessage, State } from '../../shared/messages.ts';
import { describeIssues } from '../../shared/misfit.ts';
import type { Reply } from '../core/ports.ts';

/** A job with all its steps is a few kilobytes; AWS IoT carries at most 128. */
const INBOUND_BYTES_MAX = 131_072;

type Read<T> = { readonly ok: T } | { readonly problem: string };

/** A message on the device's `replies`: about a job, or a refusal. */
export function readReply(payload: Uint8Array): Read<Reply> {
  const json = parse(payload);
  if ('problem' in json) return json;
  const refused = RefusalMessage.safeParse(json.ok);
  if (refused.success) return { ok: refused.data };
  const job = JobMessage.safeParse(json.ok);
  return job.success ? { ok: job.data } : { problem: describeIssues(job.error, json.ok) };
}

/** The state of the switch. */
export function readState(payload: Uint8Array): Read<State> {
  const json = parse(payload);
  if ('problem' in json) return json;
  const state = State.safeParse(json.ok);
  return state.success ? { ok: state.data } : { problem: describeIssues(state.error, json.ok) };
}

function parse(payload: Uint8Array): Read<unknown> {
  if (payload.byteLength > INBOUND_BYTES_MAX) {
    return { problem: `it has ${payload.byteLength} bytes; ${INBOUND_BYTES_MAX} is the most that is read` };
  }
  try {
    return { ok: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) };
  } catch (error) {
    return { problem: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
