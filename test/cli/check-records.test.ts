import { expect, test } from 'vitest';
import type { Finding } from '../../cloud/cli/check-finding.ts';
import { checkRecords } from '../../cloud/cli/check-records.ts';
import { checkDelegation } from '../../cloud/cli/check-servers.ts';
import type { RecordSet } from '../../cloud/ports.ts';
import { switchAs } from '../jobs/move-world.ts';
import { startDns } from '../world/dns/server.ts';
import { startRoute53 } from '../world/route53/server.ts';
import { A, ZONE } from './zone-world.ts';

test('sets of a traffic policy are told, by the plan that may not touch them', () => {
  const found: [Finding['level'], string][] = [];
  const policy: RecordSet = { name: 'www.example.test', type: 'A', other: { TrafficPolicyInstanceId: 't1' } };
  checkRecords(switchAs(), [policy], { id: 'Z1', name: 'example.test' }, (level, text) => found.push([level, text]));
  expect(found[0]?.[0]).toBe('fail');
  expect(found[0]?.[1]).toContain('belongs to a traffic policy instance');
});

test('ways that would be refused are told before anybody goes there: back, and on to another position', () => {
  const found: string[] = [];
  const extra: RecordSet = { ...A, name: 'extra.example.test' };
  const text: RecordSet = { name: 'extra.example.test', type: 'TXT', ttl: 60, values: ['"x"'] };
  const positions = {
    primary: [A, text],
    maintenance: [{ ...A, values: ['192.0.2.20'] }, extra, text],
    dr: [{ ...A, values: ['192.0.2.30'] }, text],
  };
  const target = switchAs({ positions });
  checkRecords(target, [A, text], { id: ZONE, name: 'example.test' }, (level, text) => found.push(`${level}: ${text}`));
  const why = 'After this change extra.example.test would have no address at all.';
  const hint = 'Give extra.example.test an A, AAAA or CNAME record in';
  expect(found).toEqual([
    `fail: once at maintenance, a restore would be refused: ${why} ${hint} primary.`,
    `warn: once at maintenance, a failover to dr would be refused: ${why} ${hint} dr.`,
  ]);
});

test('a name that only another position has is no obstacle: it comes and goes', () => {
  const found: string[] = [];
  const extra: RecordSet = { ...A, name: 'extra.example.test' };
  const target = switchAs({ positions: { primary: [A], maintenance: [{ ...A, values: ['192.0.2.20'] }, extra] } });
  checkRecords(target, [A], { id: ZONE, name: 'example.test' }, (level, text) => found.push(`${level}: ${text}`));
  expect(found).toEqual([]);
});

test.for([
  ['as it is', ['ns-1.example.net', 'ns-2.example.net'], undefined],
  [
    'in part elsewhere',
    ['ns-1.example.net'],
    /^warn: example.test is delegated to ns-2.example.net, which is not of this/,
  ],
  [
    'elsewhere',
    ['ns.other.net'],
    /^fail: example.test is delegated to .*: changes here reach nobody\. Delegate it to ns.other.net/,
  ],
] as const)('a zone that is delegated %s', async ([, nameServers, says]) => {
  const seen = { id: ZONE, name: 'example.test', nameServers: ['ns-1.example.net', 'ns-2.example.net'] };
  await using route53 = await startRoute53({ zones: [seen] });
  await using resolver = await startDns({ route53 });
  const found: string[] = [];
  const zone = { id: ZONE, name: 'example.test', nameServers, private: false };
  await checkDelegation(zone, (level, text) => found.push(`${level}: ${text}`), [resolver.address]);
  if (says) expect(found).toEqual([expect.stringMatching(says)]);
  else expect(found).toEqual([]);
});
