import { expect, test } from 'vitest';
import { ask } from './dns/ask.ts';
import { startDns } from './dns/server.ts';
import type { RecordSet } from './route53/record-set.ts';
import { startRoute53 } from './route53/server.ts';
import type { LocalRoute53 } from './route53/server.ts';

const Z = 'Z0LOCAL';
const NAME = 'www.example.test';

const set = (address: string, more: Partial<RecordSet>): RecordSet => ({
  name: NAME,
  type: 'A',
  ttl: 60,
  values: [address],
  setIdentifier: address,
  ...more,
});

const start = (records: readonly RecordSet[]): Promise<LocalRoute53> =>
  startRoute53({ zones: [{ id: Z, name: 'example.test', records }] });

async function addresses(dns: { address: string }): Promise<string[]> {
  const { answers = [] } = await ask(dns.address, NAME, 'A');
  return answers.map((record) => ('data' in record && typeof record.data === 'string' ? record.data : '')).sort();
}

test('weighted sets answer one at a time, as often as they weigh, and a weight of 0 never', async () => {
  await using route53 = await start([
    set('192.0.2.1', { weight: 1 }),
    set('192.0.2.2', { weight: 3 }),
    set('192.0.2.3', { weight: 0 }),
  ]);
  let next = 0;
  await using dns = await startDns({ route53, random: () => next });
  const seen: string[] = [];
  for (next of [0, 0.24, 0.26, 0.99]) seen.push(...(await addresses(dns)));
  expect(seen).toEqual(['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.2']);
});

test('when all weights are 0, all sets have the same chance', async () => {
  await using route53 = await start([set('192.0.2.1', { weight: 0 }), set('192.0.2.2', { weight: 0 })]);
  let next = 0;
  await using dns = await startDns({ route53, random: () => next });
  expect(await addresses(dns)).toEqual(['192.0.2.1']);
  next = 0.6;
  expect(await addresses(dns)).toEqual(['192.0.2.2']);
});

test('a failover pair answers with the primary, with the secondary when it is unhealthy, with the primary when both are', async () => {
  await using route53 = await start([
    set('192.0.2.2', { failover: 'SECONDARY', healthCheckId: 'hc-2' }),
    set('192.0.2.1', { failover: 'PRIMARY', healthCheckId: 'hc-1' }),
  ]);
  await using dns = await startDns({ route53 });
  expect(await addresses(dns)).toEqual(['192.0.2.1']);
  route53.setHealth('hc-1', false);
  expect(await addresses(dns)).toEqual(['192.0.2.2']);
  route53.setHealth('hc-2', false);
  expect(await addresses(dns)).toEqual(['192.0.2.1']);
  route53.setHealth('hc-1', true);
  expect(await addresses(dns)).toEqual(['192.0.2.1']);
});

test('a failover alias follows the health of its target', async () => {
  await using route53 = await start([
    { name: 'target.example.test', type: 'A', ttl: 60, values: ['192.0.2.1'], healthCheckId: 'hc-1' },
    {
      name: NAME,
      type: 'A',
      setIdentifier: 'p',
      failover: 'PRIMARY',
      alias: { zone: Z, name: 'target.example.test', evaluateTargetHealth: true },
    },
    set('192.0.2.2', { failover: 'SECONDARY' }),
  ]);
  await using dns = await startDns({ route53 });
  expect(await addresses(dns)).toEqual(['192.0.2.1']);
  route53.setHealth('hc-1', false);
  expect(await addresses(dns)).toEqual(['192.0.2.2']);
});

test('multivalue sets answer with all that are healthy, eight at most', async () => {
  const sets = Array.from({ length: 9 }, (_, n) => set(`192.0.2.${n}`, { multiValue: true, healthCheckId: `hc-${n}` }));
  await using route53 = await start(sets);
  await using dns = await startDns({ route53 });
  expect(await addresses(dns)).toHaveLength(8);
  for (const n of [0, 1, 2]) route53.setHealth(`hc-${n}`, false);
  expect(await addresses(dns)).toEqual([3, 4, 5, 6, 7, 8].map((n) => `192.0.2.${n}`));
});

test('latency sets answer with the first region by name, and the next when that is unhealthy', async () => {
  await using route53 = await start([
    set('192.0.2.2', { region: 'us-east-1' }),
    set('192.0.2.1', { region: 'eu-west-1', healthCheckId: 'hc-1' }),
  ]);
  await using dns = await startDns({ route53 });
  expect(await addresses(dns)).toEqual(['192.0.2.1']);
  route53.setHealth('hc-1', false);
  expect(await addresses(dns)).toEqual(['192.0.2.2']);
});

test('geolocation sets answer from their default, and with nothing when there is none', async () => {
  await using route53 = await start([set('192.0.2.1', { geolocation: { continent: 'EU' } })]);
  await using dns = await startDns({ route53 });
  expect(await addresses(dns)).toEqual([]);
  route53.edit(Z, [{ action: 'CREATE', set: set('192.0.2.2', { geolocation: { country: '*' } }) }]);
  expect(await addresses(dns)).toEqual(['192.0.2.2']);
});

test('an alias to a weighted name answers with one of its sets', async () => {
  await using route53 = await start([
    { ...set('192.0.2.1', { weight: 0 }), name: 'w.example.test' },
    { ...set('192.0.2.2', { weight: 1 }), name: 'w.example.test' },
    { name: NAME, type: 'A', alias: { zone: Z, name: 'w.example.test', evaluateTargetHealth: false } },
  ]);
  await using dns = await startDns({ route53 });
  expect(await addresses(dns)).toEqual(['192.0.2.2']);
});
