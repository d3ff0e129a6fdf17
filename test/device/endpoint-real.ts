import { openBus } from '../../cloud/adapters/mqtt.ts';
import type { Bus } from '../../cloud/ports.ts';
import { silentLog } from '../../shared/log.ts';
import type { Job } from '../../shared/messages.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { ENDPOINT_SUBSCRIPTIONS } from '../../shared/topics.ts';
import { describeJob } from '../../cloud/jobs/describe.ts';
import { makeEndpoint, SECRETS } from '../intake/endpoint.ts';

/** The real door, rules and store behind a broker and a port of HTTP; only the runbook is played: it succeeds. */
export interface RealEndpoint extends AsyncDisposable {
  readonly url: string;
  /** Of the device "lobby". */
  readonly token: string;
  /** Every job there is, oldest first. */
  jobs(): Promise<Job[]>;
  /** Whether the button is online, by its presence; undefined when it has said nothing. */
  online(): boolean | undefined;
  /** As if the broker had delivered it; the topic is below the prefix. */
  hear(topic: string, payload: string): Promise<void>;
  /** With `gated`, jobs stay in their first step until then. */
  finishJobs(): void;
}

export async function openEndpoint(brokerUrl: string, options: { gated?: boolean } = {}): Promise<RealEndpoint> {
  let bus: (Bus & AsyncDisposable) | undefined;
  const endpoint = await makeEndpoint({
    gated: options.gated ?? false,
    publish: (message) => bus?.publish(message) ?? Promise.reject(new Error('the bus is not open yet')),
  });
  const opened = openBus({
    url: brokerUrl,
    prefix: 'dashover/v1',
    version: '0.1.0',
    clientId: 'dashover-endpoint',
    clock: systemClock,
    ids: { next: () => 'session', random: () => 0 },
    subscriptions: ENDPOINT_SUBSCRIPTIONS,
    onMessage: endpoint.hear,
    onConnect: () => endpoint.engine.wake('mqtt'),
    log: silentLog,
  });
  bus = opened;
  const url = await endpoint.listen();
  return {
    url,
    token: SECRETS.lobby,
    jobs: async () => (await endpoint.engine.jobs({ limit: 100 })).map(describeJob).toReversed(),
    online: () => endpoint.presence.of('lobby')?.online,
    hear: (topic, payload) => endpoint.hear({ topic, payload: Buffer.from(payload), retained: false }),
    finishJobs: () => endpoint.gate.open(),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await endpoint[Symbol.asyncDispose]();
    },
  };
}
