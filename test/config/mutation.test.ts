import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { parse as parseYaml, stringify } from 'yaml';
import { ENV, EXAMPLE, problemsOf, writePem } from './example.ts';

const folder = mkdtempSync(join(tmpdir(), 'dashover-config-'));
writePem(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What YAML and this file make much of. */
const PIECES = [
  ...'{ } [ ] : , - # & * ! | > % @ ` " \' \\ \n \t \0 é'.split(' '),
  ' ',
  '\n  ',
  ': ',
  '- ',
  '---\n',
  '${',
  '}',
  '${OPS_TOKEN}',
  '${NOT_SET}',
  '&a ',
  '*a',
  '!!binary ',
  '<<: ',
  'null',
  'true',
  '.nan',
  '1e999',
  '0x10',
  '__proto__: ',
  'constructor: ',
  'primary',
  'secret: ',
];

const cut = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.integer({ min: 0, max: 30 }),
  put: fc.array(fc.constantFrom(...PIECES), { maxLength: 3 }).map((pieces) => pieces.join('')),
});

function mutate(text: string, cuts: readonly { at: number; drop: number; put: string }[]): string {
  return cuts.reduce((before, { at, drop, put }) => {
    const start = Math.floor(at * before.length);
    return before.slice(0, start) + put + before.slice(start + drop);
  }, text);
}

test('whatever happens to the text of a good file, the answer is a configuration or problems, and no secret', () => {
  fc.assert(
    fc.property(fc.array(cut, { minLength: 1, maxLength: 4 }), (cuts) => {
      const said = problemsOf(mutate(EXAMPLE, cuts), ENV, folder).join('\n');
      expect(said).not.toMatch(/SECRET-/);
      expect(said).not.toMatch(/undefined|\[object|NaN|Invalid input/);
    }),
    { numRuns: 150 },
  );
});

const JUNK = [
  null,
  true,
  0,
  -1,
  1.5,
  1e21,
  '',
  'x',
  ' ',
  '*',
  'primary',
  '${NOT_SET}',
  [],
  [null],
  {},
  { x: 1 },
  ['x', 'x'],
  'ü',
];

test('whatever stands in place of a value, the answer is a configuration or problems, and no secret', () => {
  const good: unknown = parseYaml(EXAMPLE.replace(/\$\{(\w+)\}/g, (_, name: string) => ENV[name as keyof typeof ENV]));
  const paths = pathsOf(good, []);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...paths), fc.constantFrom(...JUNK)), { minLength: 1, maxLength: 5 }),
      (edits) => {
        const file = structuredClone(good);
        for (const [path, junk] of edits) put(file, path, structuredClone(junk));
        const said = problemsOf(stringify(file), ENV, folder).join('\n');
        expect(said).not.toMatch(/SECRET-/);
        expect(said).not.toMatch(/undefined|\[object|NaN|Invalid input/);
      },
    ),
    { numRuns: 150 },
  );
});

const LITERAL = 'SECRET-literal-0123456789';

/** Slips at the very place where a secret is written, each told without repeating it. */
test.for([
  `tokens: [{ name: a, secret:${LITERAL}, on: [www], may: [drill] }]`,
  `tokens: [{ name: a, ${LITERAL}, on: [www], may: [drill] }]`,
  `tokens: [{ name: a, sercet: ${LITERAL}, on: [www], may: [drill] }]`,
  `tokens: [{ name: a, secret: [${LITERAL}], on: [www], may: [drill] }]`,
  `tokens: [{ name: a, secret: { ${LITERAL}: 1 }, on: [www], may: [drill] }]`,
  `tokens: [{ name: a, secret: *${LITERAL}, on: [www], may: [drill] }]`,
  `tokens: [{ name: a, secret: !${LITERAL} x, on: [www], may: [drill] }]`,
  `tokens: [{ name: a, secret: &${LITERAL} x, on: [www], may: [drill] }]`,
  `tokens: [{ name: a, secret: "\\q${LITERAL}", on: [www], may: [drill] }]`,
  `tokens: [{ name: a, secret: '\${${LITERAL}', on: [www], may: [drill] }]`,
  `tokens: [{ name: a, secret: '\${${LITERAL}}', on: [www], may: [drill] }]`,
  `tokens: [{ name: a, secret: '${LITERAL} ', on: [www], may: [drill] }]`,
  `tokens: ${LITERAL}`,
  `tokens: [${LITERAL}]`,
  `triggers: [${LITERAL}]`,
  `devices: { lobby: ${LITERAL} }`,
  `devices: { lobby: { token: '${LITERAL} ' } }`,
  `mqtt: 'mqtts://x:${LITERAL}@h'`,
  `mqtt: { url: 'mqtts://x:${LITERAL}@h' }`,
  `mqtt: { url: 'x://x:${LITERAL}@h' }`,
  `mqtt: { url: 'mqtts://h', password: [${LITERAL}] }`,
  `store: 'postgres://x:${LITERAL}@h/d'`,
  `route53: { endpoint: 'http://x:${LITERAL}@h' }`,
  `switches: { www: { zone: '\${OPS_TOKEN}', failoverTo: '\${OPS_TOKEN}' } }`,
  `tokens: [{ name: '\${OPS_TOKEN} x', secret: x, on: ['\${OPS_TOKEN}'], may: ['\${OPS_TOKEN}'] }]`,
])('a slip beside a secret is told without it: %s', (section) => {
  const problems = problemsOf(`${section}\n`, ENV, folder);
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.join('\n')).not.toContain('SECRET-');
});

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value) ? value.map((item, index) => [index, item] as const) : Object.entries(value);
  const below = entries.flatMap(([key, part]) => pathsOf(part, [...path, key]));
  return path.length === 0 ? below : [path, ...below];
}

function put(value: unknown, path: Path, junk: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== 'object' || value === null) return;
  const owner = value as Record<string | number, unknown>;
  if (rest.length === 0) owner[key] = junk;
  else put(owner[key], rest, junk);
}
