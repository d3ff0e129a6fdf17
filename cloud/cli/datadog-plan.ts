/** What is known of the switch and of how Datadog reaches the endpoint. */
export interface DatadogPlan {
  readonly name: string;
  /** Of the endpoint, as Datadog reaches it; without a final slash. */
  readonly url: string;
  readonly failoverTo: string;
  /** The token whose secret the webhook sends, or null when none is known. */
  readonly token: string | null;
  /** The switched names, which a monitor must never ask. */
  readonly names: readonly string[];
  /** Where the origin answers by itself: addresses and other names of the primary position. */
  readonly origins: readonly string[];
  readonly noData: 'alert' | 'ignore';
  readonly warn: 'alert' | 'ignore';
}

/** A webhook as Datadog's form has it. */
export interface Webhook {
  readonly name: string;
  readonly url: string;
  /** Null keeps Datadog's default payload. */
  readonly payload: Readonly<Record<string, string>> | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly encodeAsForm: boolean;
}
