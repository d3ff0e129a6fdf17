import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startRoute53 } from '../world/route53/server.ts';
import { dashover, type Ran } from './run.ts';

const ZONE = {
  id: 'Z0LOCAL',
  name: 'example.test',
  records: [
    { name: 'www.example.test', type: 'A', ttl: 60, values: ['192.0.2.10'] },
    { name: 'api.example.test', type: 'A', ttl: 60, values: ['192.0.2.99'] },
  ],
};

function switchYaml(name: string, zone: string, host: string): string {
  return `
  ${name}:
    zone: ${zone}
    positions:
      primary: [{ name: ${host}, type: A, ttl: 60, values: [192.0.2.10] }]
      maintenance: [{ name: ${host}, type: CNAME, ttl: 60, values: [maintenance.example.net] }]`;
}

async function check(switches: string): Promise<Ran & { readonly calls: readonly string[] }> {
  await using route53 = await startRoute53({ zones: [ZONE] });
  const folder = mkdtempSync(join(tmpdir(), 'dashover-check-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'dashover.yaml');
  writeFileSync(file, `route53: { endpoint: '${route53.url}' }\nswitches:${switches}\n`);
  const env = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  const ran = await dashover(['check', '--config', file], { env });
  return { ...ran, calls: route53.calls.map(({ operation }) => operation) };
}

test('check says which position the live records equal, or how they differ, and changes nothing', async () => {
  const ran = await check(
    switchYaml('www', 'Z0LOCAL', 'www.example.test') + switchYaml('api', 'Z0LOCAL', 'api.example.test'),
  );
  expect(ran.stdout).toContain('✓ www: the live records in the public zone example.test equal primary.\n');
  expect(ran.stdout).toMatch(
    /! api: the live records in .* equal no position: A api.example.test is 192.0.2.99 \(60 s\)/,
  );
  expect(ran.code).toBe(0);
  expect(ran.calls).not.toContain('ChangeResourceRecordSets');
});

test('check names a zone that is not there, and a name that is in another zone, and exits 1', async () => {
  const ran = await check(
    switchYaml('www', 'Z0OTHER', 'www.example.test') + switchYaml('api', 'Z0LOCAL', 'api.example.com'),
  );
  expect(ran.stdout).toMatch(/✗ www: .*Z0OTHER/);
  expect(ran.stdout).toContain('✗ api: api.example.com is not in the zone example.test; correct the zone or the name.');
  expect(ran.stderr).toContain('Not everything could be checked or is right.');
  expect(ran.code).toBe(1);
});
