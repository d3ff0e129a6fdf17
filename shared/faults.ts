/** How an error answers: to HTTP, to a retry loop, and to the person who reads it. */
interface FaultKind {
  /** HTTP status of the answer. */
  readonly http: number;
  /** Whether the same request may succeed later by itself. */
  readonly retry: 'never' | 'backoff';
  /** What to do about it, when the place that throws knows nothing better. */
  readonly hint: string;
}

/**
 * Every error that leaves dashover. The first group are refusals of a command. A test holds this table
 * against the README and against the places that throw.
 */
export const FAULTS = {
  malformed: {
    http: 422,
    retry: 'never',
    hint: 'Send failover, restore or drill, or JSON such as {"command":"failover"}.',
  },
  'unknown-switch': { http: 404, retry: 'never', hint: 'Name a switch of dashover.yaml.' },
  'unknown-position': { http: 422, retry: 'never', hint: 'Name a position of this switch.' },
  'not-authenticated': {
    http: 401,
    retry: 'never',
    hint: 'Send "Authorization: Bearer <secret>" with a token of dashover.yaml.',
  },
  'not-allowed': {
    http: 403,
    retry: 'never',
    hint: 'Use a token, trigger or device that may do this, or widen its entry in dashover.yaml.',
  },
  expired: { http: 410, retry: 'never', hint: 'Send the command again if it is still wanted.' },
  stale: {
    http: 412,
    retry: 'never',
    hint: 'Look at the state as it is now, and send the command again with its revision.',
  },
  held: { http: 409, retry: 'never', hint: 'A human owns the switch; release it to give it back to automation.' },
  tripped: {
    http: 409,
    retry: 'never',
    hint: 'Automation has stopped itself; a human looks, then releases the switch.',
  },
  observe: { http: 409, retry: 'never', hint: 'automation.mode is observe: it records what it would have done.' },
  off: { http: 409, retry: 'never', hint: 'automation.mode is off.' },
  acknowledged: {
    http: 409,
    retry: 'never',
    hint: 'A human restored over this alert; it moves nothing until it has closed and opened anew.',
  },
  'wrong-position': {
    http: 409,
    retry: 'never',
    hint: 'Automation moves only from where it knows the way; a human may command it.',
  },
  'alerts-open': {
    http: 409,
    retry: 'never',
    hint: 'Wait until every alert has closed, clear those that never will, or restore by hand.',
  },
  'probe-failed': {
    http: 409,
    retry: 'never',
    hint: 'The destination does not answer as configured; mend it, or override probe-failed.',
  },
  drift: {
    http: 409,
    retry: 'never',
    hint: 'The live records equal no position; say restore to primary or to before, or override drift.',
  },
  'foreign-record': {
    http: 409,
    retry: 'never',
    hint: 'Remove the record that is in the way, or name it in the positions.',
  },
  protected: { http: 409, retry: 'never', hint: 'Remove the record set protection in Route 53.' },
  'unsafe-plan': { http: 409, retry: 'never', hint: 'Correct the positions in dashover.yaml.' },

  'unknown-outcome': {
    http: 500,
    retry: 'never',
    hint: 'Look at the records in Route 53; dashover could not learn whether its change was made.',
  },
  'deadline-exceeded': {
    http: 500,
    retry: 'never',
    hint: 'The records were not changed before jobDeadline; send the command again.',
  },
  'job-failed': { http: 500, retry: 'never', hint: 'Look at the steps of the job and at the log of the endpoint.' },
  'unknown-job': { http: 404, retry: 'never', hint: 'List the jobs at /api/jobs.' },
  'unknown-trigger': { http: 404, retry: 'never', hint: 'Use an id from triggers in dashover.yaml.' },
  'unknown-device': { http: 404, retry: 'never', hint: 'Add the device under devices in dashover.yaml.' },
  'too-late': {
    http: 409,
    retry: 'never',
    hint: 'The job has sent its change or has ended; send the opposite command instead.',
  },
  'not-found': { http: 404, retry: 'never', hint: 'The routes are listed in the README.' },
  'too-large': { http: 413, retry: 'never', hint: 'A command is at most 4 KiB.' },
  'bad-request': { http: 400, retry: 'never', hint: 'Send well-formed HTTP/1.1.' },
  'bad-method': { http: 405, retry: 'never', hint: 'Use a method that the header Allow names.' },
  'bad-media-type': {
    http: 415,
    retry: 'never',
    hint: 'Send JSON, and say so: "Content-Type: application/json".',
  },
  'too-slow': { http: 408, retry: 'backoff', hint: 'Send the whole request within 10 s.' },
  'slow-down': { http: 429, retry: 'backoff', hint: 'Too many wrong secrets from this address; wait and try again.' },
  'store-unavailable': { http: 503, retry: 'backoff', hint: 'Nothing was stored; send it again.' },
  stopping: { http: 503, retry: 'backoff', hint: 'Nothing was stored; send it again when the endpoint is back.' },
  'internal-error': { http: 500, retry: 'never', hint: 'This is a mistake in dashover; its log has the details.' },

  'route53-throttled': {
    http: 503,
    retry: 'backoff',
    hint: 'Route 53 limits the rate of calls; nothing was changed by this call.',
  },
  'route53-unreachable': { http: 503, retry: 'backoff', hint: 'Whether the call did something must be read back.' },
  'route53-refused': {
    http: 409,
    retry: 'never',
    hint: 'Route 53 refused the change; the records moved or break one of its rules.',
  },
  'route53-denied': {
    http: 403,
    retry: 'backoff',
    hint: 'Check the AWS credentials and the IAM policy of the endpoint.',
  },
  'route53-zone-missing': {
    http: 404,
    retry: 'never',
    hint: 'Check the hosted zone id in dashover.yaml, and the AWS account.',
  },
  'route53-change-missing': {
    http: 404,
    retry: 'never',
    hint: 'Route 53 no longer knows the change; it is read and planned again.',
  },
} as const satisfies Record<string, FaultKind>;

export type FaultCode = keyof typeof FAULTS;

/** An error of the world: its code survives storage and the wire, where a class does not. Match on `code`. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly hint: string;

  /** `sentence` names what was wrong; `hint` what to do, by default the table's. */
  constructor(code: FaultCode, sentence: string, options?: ErrorOptions & { hint?: string }) {
    super(sentence, options);
    this.code = code;
    this.hint = options?.hint ?? FAULTS[code].hint;
  }
}

/** True for a Fault, of that code when one is given. */
export function isFault(error: unknown, code?: FaultCode): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code);
}
