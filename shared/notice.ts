/** What people are told when something happens: the same words for every receiver, and the body of a webhook. */

export type Severity = 'critical' | 'error' | 'warning' | 'info';

/** Stable names: receivers of the webhook match on them. */
export type NoticeKind =
  | 'failover-begun'
  | 'failover-done'
  | 'restored'
  | 'job-failed'
  | 'job-refused'
  | 'job-stopped'
  | 'would-have'
  | 'moved-by-others'
  | 'drift'
  | 'tripped'
  | 'armed'
  | 'reminder'
  | 'late-alert'
  | 'drill-done'
  | 'drill-failed'
  | 'drill-overdue'
  | 'device-offline'
  | 'device-online'
  | 'test';

/** One thing that happened. A type, not an interface, so that it fits into the Json of an outgoing row. */
export type Notice = {
  /** The same at every try to deliver it, and no other notice has it. */
  readonly id: string;
  readonly kind: NoticeKind;
  /** ISO 8601, when it happened. */
  readonly at: string;
  /** Null: it concerns no single switch. */
  readonly switch: string | null;
  readonly severity: Severity;
  /** A line that says it all to somebody who reads no further. */
  readonly title: string;
  /** What moved, from where to where, who, why, until when caches show the old answer. */
  readonly text: string;
  /** What to do next, in whole sentences; null when there is nothing to do. */
  readonly next: string | null;
  /** What a pager is to do: one page by `key`, from its trigger to its resolve. Null: nobody is called. */
  readonly page: { readonly action: 'trigger' | 'resolve'; readonly key: string } | null;
  readonly incident: string | null;
  readonly job: string | null;
  /** The button that it is about, when it is about one. */
  readonly device: string | null;
  /** Positions; null where nothing moved. */
  readonly from: string | null;
  readonly to: string | null;
  readonly by: { readonly trigger: string; readonly actor: string; readonly automatic: boolean } | null;
  readonly reason: string | null;
  readonly cachesUntil: string | null;
  /** Nothing was changed, and nothing was to be. */
  readonly drill: boolean;
  /** The page of the endpoint, where its address is configured. */
  readonly link: string | null;
};

/** How a switch is, for a monitor that asks nobody: 0 well, 1 warning, 2 critical, 3 unknown. */
export type ServiceCheck = {
  readonly switch: string;
  readonly status: 0 | 1 | 2 | 3;
  readonly text: string;
  readonly at: string;
};

/** The body of a message to a notifier. */
export type NotifierBody =
  | { readonly form: 'notice'; readonly notice: Notice }
  | { readonly form: 'check'; readonly check: ServiceCheck };
