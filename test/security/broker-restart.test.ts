import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import type { IClientOptions } from 'mqtt';
import type { CommandName } from '../../shared/command.ts';
import type { Job } from '../../shared/messages.ts';
import { dashover } from '../cli/run.ts';
import { startBroker } from '../world/broker.ts';
import { lastingPort } from '../world/ports.ts';
import { Authority, tlsOf } from './certificates.ts';
import { mosquittoMissing, startSecureMosquitto } from './mosquitto.ts';
import { preparePlace, type Place } from './place.ts';
import { sendAll, type Sent } from './senders.ts';

const DEVICES = ['lobby', 'roof', 'gate', 'desk'];
/** 4 devices × 50: a few move the switch, there and back, many join those, and many find it where they want it. */
const COMMANDS: readonly CommandName[] = Array.from({ length: 50 }, (_, index) =>
  index % 25 === 12 ? 'drill' : index < 25 ? 'failover' : 'restore',
);

const yaml = (mqtt: string): string =>
  `mqtt: ${mqtt}\ndevices:\n${DEVICES.map((name) => `  ${name}: { on: [www], may: [failover, restore, drill] }\n`).join('')}`;

interface BrokerInTest {
  readonly url: string;
  restart(): Promise<void>;
  options(device: string): IClientOptions & { readonly clientId: string };
}

/** Lets the broker die when two fifths of the commands have their jobs. */
async function sendThrough(place: Place, broker: BrokerInTest): Promise<void> {
  let count = 0;
  const restarting = Promise.withResolvers<void>();
  const onAccepted = (): void => {
    count++;
    if (count === 80) restarting.resolve(broker.restart());
  };
  const sending = Promise.all(
    DEVICES.map((device) => sendAll(broker.url, broker.options(device), COMMANDS, onAccepted)),
  );
  // A broker that does not come back is the failure, not the silence of those who wait for it.
  const sent = (await Promise.race([sending, failureOf(restarting.promise)])).flat();
  await restarting.promise;
  await expectEachOnce(place, sent);
}

/** Rejects as the promise does, and never resolves. */
async function failureOf(promise: Promise<unknown>): Promise<never> {
  await promise;
  return new Promise(() => undefined);
}

async function allJobs(place: Place): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  for (;;) {
    const before = jobs.length === 0 ? '' : `&before=${jobs.at(-1)?.id}`;
    const page = await place.get<{ jobs: Job[] }>(`/api/jobs?limit=200${before}`);
    jobs.push(...page.jobs);
    if (page.jobs.length < 200) return jobs;
  }
}

async function expectEachOnce(place: Place, sent: readonly Sent[]): Promise<void> {
  expect(sent).toHaveLength(200);
  // Something had to be said twice: the broker died at the right time.
  expect(sent.filter(({ times }) => times > 1).length).toBeGreaterThan(0);
  await vi.waitFor(
    async () => expect((await allJobs(place)).filter(({ finishedAt }) => finishedAt === null)).toEqual([]),
    { timeout: 20_000 },
  );
  const jobs = await allJobs(place);
  const known = new Set(jobs.map(({ id }) => id));
  expect(sent.filter(({ job }) => !known.has(job))).toEqual([]);
  // No other job lists the command as its own (a job lists the first fifty of those who joined it).
  const jobOfId = new Map(sent.map(({ id, job }) => [id, job]));
  const listed = jobs.flatMap((job) => [job.trigger, ...job.joined].map(({ id }) => [id, job.id] as const));
  expect(listed.filter(([id, job]) => id === null || jobOfId.get(id) !== job)).toEqual([]);
  expect(new Set(listed.map(([id]) => id)).size).toBe(listed.length);
  expect(jobs.filter(({ status }) => status === 'failed')).toEqual([]);
  // What ran twice would have changed the records twice.
  expect(place.route53.changes).toBe(jobs.filter(({ outcome }) => outcome === 'switched').length);
  expect(place.route53.changes).toBeGreaterThan(1);
}

/* oxlint-disable vitest/expect-expect -- what is expected stands in expectEachOnce */
describe('200 commands, and the broker dies in the middle: each has its one job, and none runs twice', () => {
  test.skipIf(mosquittoMissing)('Mosquitto under mutual TLS', { timeout: 120_000 }, async () => {
    await using prepared = await preparePlace(() =>
      yaml(`{ url: 'mqtts://127.0.0.1:1', ca: ca.pem, cert: endpoint.pem, key: endpoint.key, clientId: endpoint }`),
    );
    const { folder, config } = prepared;
    const ca = new Authority(folder, 'ca');
    for (const name of ['broker', 'endpoint', ...DEVICES]) ca.sign(name);
    const { stdout } = await dashover(['policy', 'mosquitto', '--config', config]);
    await using mosquitto = await startSecureMosquitto(folder, stdout);
    writeFileSync(config, readFileSync(config, 'utf8').replace('mqtts://127.0.0.1:1', mosquitto.url));
    const place = await prepared.start();
    await place.isReady();
    const options = (clientId: string) => ({ clientId, protocolVersion: 5 as const, ...tlsOf(folder, clientId) });
    await sendThrough(place, { url: mosquitto.url, restart: () => mosquitto.restart(), options });
  });

  test('the embedded broker', { timeout: 120_000 }, async () => {
    await using broker = await startBroker({ port: await lastingPort() });
    await using prepared = await preparePlace(() => yaml(`{ url: '${broker.url}', clientId: endpoint }`));
    const place = await prepared.start();
    await place.isReady();
    const restart = async (): Promise<void> => {
      await broker.stop();
      await broker.start();
    };
    await sendThrough(place, { url: broker.url, restart, options: (clientId) => ({ clientId }) });
  });
});
