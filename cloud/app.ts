import { VERSION } from './cli/version.ts';
import { dashboardPages } from './dashboard/pages.ts';
import { type EndpointPorts, makeEndpoint, type WatchRules } from './endpoint.ts';
import { makeHttp } from './intake/http.ts';
import { MQTT_RECEIVER } from './jobs/announce.ts';
import { measuredRecords } from './jobs/measured-records.ts';
import { measuredStore } from './jobs/measured-store.ts';

type Http = Awaited<ReturnType<typeof makeHttp>>;

export interface AppPorts extends EndpointPorts {
  /** Lets people reach the server, and resolves to its address; without it, it listens where the configuration says. */
  readonly listen?: (http: Http) => Promise<string>;
}

export interface App extends AsyncDisposable {
  /** `http://127.0.0.1:8080`, as it listens. */
  readonly address: string;
}

/**
 * Puts the endpoint together and starts it: the HTTP server listens, the broker is being connected, jobs that an earlier
 * process left are taken up. Disposing of it is the graceful stop: requests in hand are answered, running jobs are
 * handed over as they stand, messages leave. Rejects when the address cannot be listened on. `watchRules` is a simulator's.
 */
export async function startApp(unmeasured: AppPorts, watchRules?: WatchRules): Promise<App> {
  const ports = measured(unmeasured);
  const { config, clock, log, store, meter } = ports;
  const endpoint = makeEndpoint(ports, watchRules);
  const { engine, door, presence, speaker, told, checks } = endpoint;
  await using parts = new AsyncDisposableStack();
  const http = await makeHttp({
    ...config.http,
    door,
    engine,
    switches: config.switches,
    automation: config.automation,
    tokens: config.tokens,
    triggers: config.triggers,
    devices: config.devices,
    datadog: config.datadog,
    presence,
    journal: (after, limit) => store.journal(after, limit),
    journalBefore: (before, limit) => store.journalBefore(before, limit),
    journalAnchor: () => store.journalAnchor(),
    checks,
    meter,
    watched: {
      receivers: [...Object.keys(ports.receivers), ...(speaker ? [MQTT_RECEIVER] : [])],
      async waitingForMs(receiver) {
        const oldest = await store.nextOutgoing(receiver, Number.MAX_SAFE_INTEGER);
        return oldest ? Math.max(clock.nowMs() - oldest.createdAtMs, told.tryingForMs(receiver)) : 0;
      },
      speaks: speaker ? () => speaker.speaks() : null,
    },
    pages: dashboardPages,
    version: VERSION,
    clock,
    log,
  });

  // Ends before everything else, also when the start fails half-way: what it has begun would keep the process alive.
  await using requests = new AsyncDisposableStack();
  requests.defer(() => http.close());

  // First, because it fails when this endpoint runs already: then the other one keeps its broker and its jobs.
  const address = await (ports.listen ? ports.listen(http) : http.listen({ ...config.http.listen }));
  parts.use(endpoint.start());
  parts.use(requests.move());

  const running = parts.move();
  return { address, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** The same ports, with what passes through them counted and timed. */
function measured(ports: AppPorts): AppPorts {
  const { config, clock, meter } = ports;
  return {
    ...ports,
    store: measuredStore(ports.store, { meter, clock, switches: config.switches.map(({ name }) => name) }),
    records: measuredRecords(ports.records, meter, clock),
  };
}
