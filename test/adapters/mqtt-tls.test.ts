import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { openBus, type BusOptions } from '../../cloud/adapters/mqtt.ts';
import type { Bus } from '../../cloud/ports.ts';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { freePort } from '../world/ports.ts';
import { mosquittoMissing, startMosquitto, type TestBroker } from './mqtt-brokers.ts';

const OPENSSL = 'openssl';

/** Certificates are made by openssl; without it, or without Mosquitto, there is nothing to test here. */
const missing =
  mosquittoMissing ||
  (spawnSync(OPENSSL, ['version']).error !== undefined && process.env['DASHOVER_REQUIRE_SERVICES'] === undefined);

let folder: string;
let broker: TestBroker;
/** The same broker over a websocket. */
let web: number;
const open: AsyncDisposable[] = [];

const pem = (name: string): string => readFileSync(join(folder, name), 'utf8');

function openssl(...args: string[]): void {
  execFileSync(OPENSSL, args, { cwd: folder, stdio: 'pipe' });
}

/** An authority, and what it signs: a key and a certificate for `name`. */
function makeAuthority(ca: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', `${ca}.key`, '-out', `${ca}.pem`, '-days', '2', '-subj', `/CN=${ca}`);
}

function sign(ca: string, name: string, altName: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
  writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${altName}\n`);
  const by = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`];
  openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...by);
}

beforeAll(async () => {
  if (missing) return;
  folder = mkdtempSync(join(tmpdir(), 'dashover-tls-'));
  makeAuthority('ca');
  makeAuthority('stranger');
  sign('ca', 'broker', 'IP:127.0.0.1');
  sign('ca', 'endpoint', 'DNS:endpoint');
  sign('stranger', 'intruder', 'DNS:endpoint');
  const file = (name: string): string => join(folder, name);
  const secure = [
    `cafile ${file('ca.pem')}`,
    `certfile ${file('broker.pem')}`,
    `keyfile ${file('broker.key')}`,
    'require_certificate true',
    'use_identity_as_username true',
  ];
  web = await freePort();
  broker = await startMosquitto([...secure, `listener ${web} 127.0.0.1`, 'protocol websockets', ...secure]);
});
afterEach(async () => {
  while (open.length > 0) await open.pop()?.[Symbol.asyncDispose]();
});
afterAll(async () => {
  if (missing) return;
  await broker[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function makeBus(some: Partial<BusOptions>): Bus & AsyncDisposable {
  const bus = openBus({
    url: broker.url.replace('mqtt:', 'mqtts:'),
    clientId: 'endpoint',
    prefix: 'dashover/v1',
    subscriptions: ['switches/+/command'],
    version: '0.1.0',
    onMessage: async () => undefined,
    onConnect: () => undefined,
    clock: systemClock,
    ids: { next: () => 'session', random: () => 0 },
    log: silentLog,
    ...some,
  });
  open.push(bus);
  return bus;
}

test.skipIf(missing).for(['mqtts', 'wss'])('mutual TLS with a private authority over %s', async (scheme) => {
  const url = scheme === 'wss' ? { url: `wss://127.0.0.1:${web}` } : {};
  const bus = makeBus({ ca: pem('ca.pem'), cert: pem('endpoint.pem'), key: pem('endpoint.key'), ...url });
  await vi.waitFor(() => expect(bus.status()).toEqual({ connected: true, reason: null }), { timeout: 5_000 });
  await bus.publish({ topic: 'errors', payload: 'x', retain: false });
});

test.skipIf(missing)('each fault of the certificates is said in a sentence that names what to change', async () => {
  const mine = { cert: pem('endpoint.pem'), key: pem('endpoint.key') };
  const faults: readonly [Partial<BusOptions>, RegExp][] = [
    [mine, /authority is not known here.*mqtt\.ca/],
    [{ ...mine, ca: pem('stranger.pem') }, /authority is not known here.*mqtt\.ca/],
    [{ ca: pem('ca.pem') }, /client certificate.*mqtt\.cert/],
    [
      { ca: pem('ca.pem'), cert: pem('intruder.pem'), key: pem('intruder.key') },
      /does not trust the authority.*mqtt\.cert/,
    ],
    [{ ca: pem('ca.pem'), cert: pem('endpoint.pem'), key: pem('intruder.key') }, /do not belong together/],
    [
      { ...mine, ca: pem('ca.pem'), url: broker.url.replace('mqtt://127.0.0.1', 'mqtts://localhost') },
      /another host name/,
    ],
    [{ ...mine, url: `wss://127.0.0.1:${web}` }, /authority is not known here.*mqtt\.ca/],
    // The same place by another name, which is not in the certificate.
    [{ ...mine, ca: pem('ca.pem'), url: `wss://[::ffff:127.0.0.1]:${web}/?token=SECRET` }, /another host name/],
  ];
  for (const [options, words] of faults) {
    const bus = makeBus(options);
    await vi.waitFor(() => expect(bus.status().reason).toMatch(words), { timeout: 5_000 });
    expect(bus.status().connected).toBe(false);
    expect(bus.status().reason).not.toContain('SECRET');
  }
});
