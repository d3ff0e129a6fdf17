import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalDns, startDns } from '../world/dns/server.ts';
import { type EndpointProcess, makeEndpoint } from '../world/endpoint-process.ts';
import { freePort, LOOPBACK } from '../world/ports.ts';
import { type LocalRoute53, startRoute53 } from '../world/route53/server.ts';

const ZONE = { id: 'Z0LOCAL', name: 'example.test' };
const READY_MS_MAX = 15_000;
export const OPS = 'ops-secret-of-this-test-01';

/** A local Route 53 with its name servers, and `dashover serve` as a process of its own. */
export interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly config: string;
  readonly http: string;
  readonly route53: LocalRoute53;
  readonly dns: LocalDns;
  readonly endpoint: EndpointProcess;
  /** Resolves when /readyz says so: the broker is connected, Route 53 was read. */
  isReady(): Promise<void>;
  /** What the endpoint has written on both of its outputs. */
  log(): string;
  /** The JSON of a route of the API, asked for with the token `ops`. */
  get<Body>(path: string): Promise<Body>;
}

/** A folder of this test, and the configuration in it; `yaml` is what the test adds: mqtt, devices, more tokens. */
export async function preparePlace(
  yaml: (folder: string) => string,
): Promise<Omit<Place, 'endpoint' | 'isReady' | 'log' | 'get'> & { start(): Promise<Place> }> {
  await using parts = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'dashover-security-'));
  parts.defer(() => rmSync(folder, { recursive: true, force: true }));
  const records = [
    { name: 'www.example.test', type: 'A', ttl: 60, values: ['192.0.2.10'] },
    { name: 'maintenance.example.test', type: 'A', ttl: 60, values: ['192.0.2.20'] },
  ];
  const route53 = parts.use(await startRoute53({ zones: [{ ...ZONE, records }] }));
  const dns = parts.use(await startDns({ route53 }));
  const http = `http://${LOOPBACK}:${await freePort(0)}`;
  const config = join(folder, 'dashover.yaml');
  const base = { folder, config, http, route53, dns };
  writeFileSync(config, configYaml(base) + yaml(folder), { mode: 0o600 });
  const prepared = parts.move();
  return {
    ...base,
    [Symbol.asyncDispose]: () => prepared.disposeAsync(),
    async start() {
      const logFile = join(folder, 'endpoint.log');
      const endpoint = prepared.use(makeEndpoint({ config, http, logFile, onEnd: () => undefined }));
      endpoint.start();
      await endpoint.ready();
      return {
        ...base,
        endpoint,
        isReady: () => isReady(http),
        log: () => readFileSync(logFile, 'utf8'),
        async get<Body>(path: string) {
          const answer = await fetch(http + path, { headers: { authorization: `Bearer ${OPS}` } });
          return (await answer.json()) as Body;
        },
        [Symbol.asyncDispose]: () => prepared.disposeAsync(),
      };
    },
  };
}

async function isReady(http: string): Promise<void> {
  const giveUpAt = Date.now() + READY_MS_MAX;
  while (Date.now() < giveUpAt) {
    const { status } = await fetch(`${http}/readyz`);
    if (status === 200) return;
    await sleep(50);
  }
  throw new Error(await (await fetch(`${http}/readyz`)).text());
}

function configYaml({ http, route53, dns }: Pick<Place, 'http' | 'route53' | 'dns'>): string {
  return `http: { listen: '${new URL(http).host}' }
route53: { endpoint: '${route53.url}' }
dns: { nameServers: ['${dns.address}'] }
switches:
  www:
    zone: ${ZONE.id}
    positions:
      primary: [{ name: www.example.test, type: A, ttl: 60, values: [192.0.2.10] }]
      maintenance: [{ name: www.example.test, type: CNAME, ttl: 60, values: [maintenance.example.test] }]
tokens:
  - { name: ops, secret: '${OPS}', on: ['*'], may: ['*'] }
`;
}
