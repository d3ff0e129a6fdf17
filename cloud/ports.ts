/**
 * What the inside needs of the world. Adapters implement these thinly; tests and the simulator play them.
 * Every call takes a signal, and its caller puts a deadline on it.
 */
import type { Json } from '../shared/json.ts';
import type { MetricName } from '../shared/metrics.ts';

// ---- Route 53 ------------------------------------------------------------------------------------------------------

type Alias = {
  readonly zone: string;
  readonly name: string;
  readonly evaluateTargetHealth: boolean;
};

export type GeoLocation = {
  readonly continent?: string;
  readonly country?: string;
  readonly subdivision?: string;
};

/**
 * One record set (a type, not an interface, so that it fits into the Json of a stored step or job). Names are normalised (lower case, `\052` decoded to `*`, no final dot); values are as Route 53
 * keeps them. Either `alias`, or `ttl` and `values`.
 */
export type RecordSet = {
  readonly name: string;
  readonly type: string;
  readonly ttl?: number;
  readonly values?: readonly string[];
  readonly alias?: Alias;
  readonly setIdentifier?: string;
  readonly weight?: number;
  readonly region?: string;
  readonly failover?: 'PRIMARY' | 'SECONDARY';
  readonly geolocation?: GeoLocation;
  readonly multiValue?: boolean;
  readonly healthCheckId?: string;
  /** Fields of a downloaded set that dashover has no word for. A DELETE must repeat them, so they travel along untouched. */
  readonly other?: { readonly [field: string]: Json };
};

export type RecordChange = {
  readonly action: 'DELETE' | 'CREATE';
  readonly set: RecordSet;
};

/** One atomic change: all or none, in this order. */
export interface ChangeBatch {
  /** At most 256 characters; carries the job's id, so that CloudTrail and the console tell who it was. */
  readonly comment: string;
  readonly changes: readonly RecordChange[];
}

export interface Zone {
  readonly id: string;
  /** The zone's own name, normalised. */
  readonly name: string;
  /** Host names of its authoritative name servers. */
  readonly nameServers: readonly string[];
  readonly private: boolean;
  /** Whether Route 53 promises to take changes again within an hour when its control plane's region is gone. */
  readonly acceleratedRecovery?: boolean;
}

/**
 * Throws a Fault with a `route53-…` code: `route53-throttled` (nothing was changed), `route53-unreachable` (may have
 * been), `route53-refused` (the batch breaks a rule or the records moved), `route53-denied`, `route53-zone-missing`,
 * `route53-change-missing`.
 */
export interface RecordStore {
  zone(zoneId: string, signal: AbortSignal): Promise<Zone>;
  /** Every record set, of every type and set identifier, at exactly these names. */
  read(zoneId: string, names: readonly string[], signal: AbortSignal): Promise<readonly RecordSet[]>;
  /** Sends once, without retries of its own. */
  change(zoneId: string, batch: ChangeBatch, signal: AbortSignal): Promise<{ readonly changeId: string }>;
  changeStatus(changeId: string, signal: AbortSignal): Promise<'pending' | 'insync'>;
}

// ---- DNS -----------------------------------------------------------------------------------------------------------

export interface DnsRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly value: string;
}

/** What one name server answered to one question. */
export interface DnsAnswer {
  readonly rcode: string;
  readonly authoritative: boolean;
  readonly records: readonly DnsRecord[];
}

export interface NameServers {
  /** `host:port` of every address of these name servers (or of those that the configuration names instead). */
  addresses(hostNames: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** Asks one server one question, over UDP and then TCP. Throws when it does not answer in time. */
  ask(server: string, name: string, type: string, signal: AbortSignal): Promise<DnsAnswer>;
}

// ---- HTTP probes ---------------------------------------------------------------------------------------------------

export interface Probe {
  readonly url: string;
  /** Address to connect to in place of what the host name resolves to. */
  readonly connectTo?: string;
  readonly expect: readonly number[];
  readonly timeoutMs: number;
}

export interface Prober {
  /** Never throws: a site that does not answer is an answer, in words. */
  probe(probe: Probe, signal: AbortSignal): Promise<{ readonly ok: boolean; readonly text: string }>;
}

// ---- MQTT ----------------------------------------------------------------------------------------------------------

/** Topics are below the configured prefix, except a `responseTopic`, which is whole. */
export interface InboundMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker delivered it as retained: it is old. */
  readonly retained: boolean;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  /** What is left of its message expiry interval, whole seconds (MQTT 5): its sender wants it obeyed by then or not at all. */
  readonly expiresInS?: number;
}

export interface OutboundMessage {
  readonly topic: string;
  /** True when `topic` is whole (a response topic), false when it is below the prefix. */
  readonly whole?: boolean;
  readonly payload: string;
  readonly retain: boolean;
  readonly correlationData?: Uint8Array;
}

export interface BusStatus {
  readonly connected: boolean;
  /** Why it is not, in words, when it is not. */
  readonly reason: string | null;
}

export interface Bus {
  /**
   * Resolves at the broker's PUBACK (QoS 1), and when the broker refuses this message for good, which is logged: sent
   * again it would hold up all others. Rejects when there is no PUBACK in time, and then withdraws the message.
   */
  publish(message: OutboundMessage): Promise<void>;
  status(): BusStatus;
}

/** The PUBACK goes out when the promise resolves, and never before; when it rejects, the connection is dropped unacknowledged. */
export type OnMessage = (message: InboundMessage) => Promise<void>;

// ---- receivers of messages ---------------------------------------------------------------------------------------

/** A stored message on its way to a receiver. `id` is the same at every try, and none other of this store has it. */
export interface Message {
  readonly id: number;
  readonly body: Json;
  /** Tries that failed before this one. */
  readonly attempts: number;
  readonly createdAtMs: number;
}

/** What became of one try to deliver. */
export type Receipt =
  | { readonly kind: 'delivered' }
  /** Not now; not before `afterMs` when the receiver has named a time (`Retry-After`). */
  | { readonly kind: 'later'; readonly reason: string; readonly afterMs: number | null }
  /** Another try would not mend it, or it has become pointless: it is dropped, and the journal says why. */
  | { readonly kind: 'never'; readonly reason: string; readonly pointless?: true };

/** Where messages go: the broker, a pager, a chat. Each has a line of its own, in order. */
export interface Receiver {
  /**
   * One try. A rejection is the same as `later` without a time. The reason goes to log, store and journal, so it holds
   * no secret. `signal` aborts when the try has lasted too long, and when the endpoint stops.
   */
  deliver(message: Message, signal: AbortSignal): Promise<Receipt>;
  /** Between two tries, doubled from `min` to `max`; default 0.5 s to 30 s. */
  readonly retryMs?: { readonly min: number; readonly max: number };
  /** How long one try may last; default 30 s. */
  readonly deadlineMs?: number;
  /**
   * Messages that may be on their way at once, for a receiver that keeps the order in which `deliver` was called; default
   * 1. When one comes to nothing, those behind it are told again after it, also when they have arrived.
   */
  readonly atOnce?: number;
  /** Why it is not even asked at present, in words without a secret: it has refused everything. Null while it is. */
  readonly trouble?: () => string | null;
}

// ---- metrics -------------------------------------------------------------------------------------------------------

/**
 * The labels of one series. Each has few values, from the configuration or from a fixed list: never an id of a job or a
 * command, and nothing that a stranger has written.
 */
export type Labels = Readonly<Record<string, string>>;

/** What stands so at the moment of asking, and is not kept. */
export interface GaugeValue {
  readonly metric: MetricName<'gauge'>;
  readonly labels: Labels;
  readonly value: number;
}

/** Counts what happens, for whoever watches the endpoint. Names and labels are those of `shared/metrics.ts`. */
export interface Meter {
  /** Adds `by`, 1 by default. 0 makes the series known, so that its first event is seen as a growth. */
  count(metric: MetricName<'counter'>, labels: Labels, by?: number): void;
  /** Notes how long something took. */
  time(metric: MetricName<'histogram'>, labels: Labels, seconds: number): void;
  /** All that was counted, and these values of gauges, in the text format of Prometheus. */
  text(values: readonly GaugeValue[]): Promise<string>;
}

// ---- chance --------------------------------------------------------------------------------------------------------

export interface Ids {
  /** A fresh id, unique, sortable by time (UUIDv7). */
  next(): string;
  /** In [0, 1): jitter. */
  random(): number;
}
