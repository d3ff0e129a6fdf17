import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readSwitches } from '../../cloud/config/read-switches.ts';
import { EXAMPLE, ENV, exampleFolder, parse, SMALL } from './example.ts';

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'dashover-switches-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'dashover.yaml'), text);
  return join(folder, 'dashover.yaml');
}

function mistakes(text: string): string {
  try {
    readSwitches(fileWith(text), {});
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

test('the switches are read as the endpoint reads them, where no secret and no certificate is', () => {
  const whole = parse(EXAMPLE, ENV, exampleFolder());
  const { switches, route53, dns } = readSwitches(fileWith(EXAMPLE), {});
  expect({ switches, route53, dns }).toEqual({ switches: whole.switches, route53: whole.route53, dns: whole.dns });
});

test('mistakes in other sections are no obstacle', () => {
  expect(mistakes(`${SMALL}store: nowhere\nmqtt: { ulr: x }\nnonsense: [1]\ntokens: 7\n`)).toBe('');
});

test('mistakes in the switches are told with their place, all at once', () => {
  const told = mistakes(`${SMALL.replace('ttl: 60', 'ttl: soon').replace('Z0123456789ABC', "'${ZONE}'")}mqtt: 7\n`);
  expect(told).toContain('switches.www.positions.primary[0].ttl (line 7): "soon" is text');
  expect(told).toContain('switches.www.zone (line 4): takes its value from the environment variable ZONE');
  expect(told).toContain('2 problems');
});

test.for<readonly [string, string]>([
  ['', 'begins with keys'],
  ['http: {}\n', 'switches'],
  ['switches: [\n', 'line'],
])('a file without switches that can be read is refused: %j', ([text, said]) => {
  expect(mistakes(text)).toContain(said);
});
