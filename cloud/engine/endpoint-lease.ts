import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Ids } from '../ports.ts';
import { ENDPOINT_LEASE_MS, ENDPOINT_LEASE_OWN_MS, ENDPOINT_LOOK_MS } from './limits.ts';
import { makeLoop } from './loop.ts';
import type { Store } from './store.ts';

/** What one of several endpoints on a store does for all of them, such as speaking MQTT. */
export interface EndpointLease {
  /**
   * Whether it is ours this moment, by our own monotonic clock: false also when the store has not confirmed it for too
   * long, or when this process stood still. Whoever acts for all asks here first.
   */
  isHeld(): boolean;
  /** Whether another endpoint had it when we last asked. */
  isElsewhere(): boolean;
  start(): void;
  /** Looks no more; what is ours stays so until it runs out. */
  rest(): Promise<void>;
  /** Gives it back, so that another endpoint has it at its next look. */
  stop(): Promise<void>;
}

export interface EndpointLeaseOptions {
  readonly store: Pick<Store, 'hold' | 'release'>;
  /** What it is for: `mqtt`, `notify`. */
  readonly name: string;
  /** This process, unique. */
  readonly owner: string;
  /** Called after each change, one call at a time: begin, or end, what the lease is for. */
  readonly changed: (held: boolean) => Promise<void>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

/**
 * Takes the lease when it is free and keeps it. An endpoint that dies has confirmed it at most 3.5 s before its end is
 * seen; the next look is at most 0.5 s later: 4 s, which leaves one of the five that are promised for what follows.
 */
export function makeEndpointLease(options: EndpointLeaseOptions): EndpointLease {
  const { store, name, owner, clock, log } = options;
  /** Monotonic time until which the store's last yes counts; null: it is not ours. */
  let ownUntilMs: number | null = null;
  let elsewhere = false;
  let told = false;

  const isHeld = (): boolean => ownUntilMs !== null && clock.monotonicMs() < ownUntilMs;

  async function turn(): Promise<number> {
    // From before it is asked: the store may take its time to say yes.
    const fromMs = clock.monotonicMs();
    const nowMs = clock.nowMs();
    const answer = store.hold(name, owner, nowMs, nowMs + ENDPOINT_LEASE_MS);
    if (ownUntilMs !== null) await beforeItIsOver(answer, ownUntilMs - fromMs);
    const held = await answer;
    ownUntilMs = held ? fromMs + ENDPOINT_LEASE_OWN_MS : null;
    if (!held && !elsewhere) log.info({ lease: name }, `another endpoint has the lease ${name}; this one stands by`);
    elsewhere = !held;
    await tell();
    return ENDPOINT_LOOK_MS;
  }

  /** Waits for the store's answer, and at the end of our time acts on it without one. */
  async function beforeItIsOver(answer: Promise<boolean>, leftMs: number): Promise<void> {
    const answered = new AbortController();
    const settled = answer.then(
      () => undefined,
      () => undefined, // said by whoever waits for the answer itself
    );
    await Promise.race([settled, clock.sleep(leftMs, answered.signal)]);
    // With a reason, because the default one costs a stack trace, and this is asked twice a second.
    answered.abort('answered');
    await tell();
  }

  async function tell(): Promise<void> {
    const held = isHeld();
    if (held === told) return;
    told = held;
    if (held) log.info({ lease: name }, `this endpoint has the lease ${name}`);
    else log.warn({ lease: name }, `this endpoint no longer has the lease ${name}`);
    await options.changed(held);
  }

  const loop = makeLoop(options, `lease ${name}`, turn);

  function rest(): Promise<void> {
    loop.stop();
    return loop.ended();
  }

  return {
    isHeld,
    isElsewhere: () => elsewhere,
    start: () => loop.start(),
    rest,
    async stop() {
      await rest();
      if (ownUntilMs === null) return;
      ownUntilMs = null;
      try {
        await store.release(name, owner);
      } catch (error) {
        log.warn({ err: error, lease: name }, `could not give back the lease ${name}; it runs out by itself`);
      }
    },
  };
}

/** On a store that cannot be shared there is one endpoint, which begins at once, whatever became of the last one. */
export function leaseAmongEndpoints(
  options: Omit<EndpointLeaseOptions, 'store'> & { readonly store: Pick<Store, 'hold' | 'release' | 'onChange'> },
): EndpointLease {
  return options.store.onChange ? makeEndpointLease(options) : makeSoleLease(options.changed);
}

/** On a store that nobody shares: it is ours from start to stop, and the store hears nothing of it. */
function makeSoleLease(changed: (held: boolean) => Promise<void>): EndpointLease {
  return {
    isHeld: () => true,
    isElsewhere: () => false,
    start: () => void changed(true),
    rest: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}
