import * as fc from 'fast-check';

const RIGHT = [
  '{"command":"failover"}',
  '{"command":"restore","id":"a1","reason":"over","ageMs":10,"ifRevision":1}',
  '{"command":"drill","to":"maintenance","expiresInMs":60000,"override":["drift"]}',
  '{"command":"failover","switch":"www","issuedAt":"2026-11-22T12:00:00Z"}',
  '{"to":"maintenance","reason":"x"}',
  'failover',
  '{\n  "message": "Hello from AWS IoT console"\n}',
];

/** So nearly right that a careless reader would take them. */
const NEARLY = [
  '{"command":"failover","colour":"red"}',
  '{"command":"failover","override":"drift"}',
  '{"command":"failover","ageMs":"1"}',
  '{"command":"Failover"}',
  '{"command":"failover"}{}',
  '["failover"]',
  '"failover"',
  'failover restore',
];

const FIELDS = [
  'command',
  'to',
  'id',
  'reason',
  'ageMs',
  'expiresInMs',
  'issuedAt',
  'ifRevision',
  'override',
  'switch',
];
const WORDS = 'failover restore drill www api primary maintenance before drift __proto__ constructor'.split(' ');
const STRANGE_WORDS = ['', 'x'.repeat(300), '\u0000', '\ud800', '2026-11-22T12:00:00Z', '9999-99-99'];
const NUMBERS = [0, -1, 1.5, 1e308, 2 ** 53, 60_000];
const VALUES: readonly unknown[] = [
  WORDS,
  STRANGE_WORDS,
  NUMBERS,
  [null, true, [], {}, ['drift'], ['probe-failed', 1]],
].flat(1);

/** What somebody might send: nonsense of every kind, and right commands with a few bytes changed. */
export function strangeBodies(seed: number, count: number): readonly Buffer[] {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.constantFrom(...RIGHT),
    fc.constantFrom(...NEARLY),
  );
  const fields = fc.dictionary(
    fc.constantFrom(...FIELDS, '__proto__', 'colour'),
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...VALUES) }, { weight: 1, arbitrary: fc.jsonValue() }),
  );
  const mutated = fc
    .tuple(fc.constantFrom(...RIGHT), fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 }))
    .map(([right, changes]) => {
      const bytes = Buffer.from(right);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes;
    });
  const large = fc.nat(8_192).map((length) => Buffer.from(`{"command":"failover","reason":"${'x'.repeat(length)}"}`));
  const nested = fc.nat(1_500).map((depth) => Buffer.from('['.repeat(depth) + ']'.repeat(depth)));
  const body = fc.oneof(
    { weight: 3, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 3, arbitrary: text.map((some) => Buffer.from(some)) },
    { weight: 4, arbitrary: fields.map((value) => Buffer.from(JSON.stringify(value))) },
    { weight: 4, arbitrary: mutated },
    { weight: 1, arbitrary: large },
    { weight: 1, arbitrary: nested },
  );
  return fc.sample(body, { seed, numRuns: count });
}

/** `withCommand`: as a message; otherwise as the body of a route that names the command. */
export function mayBeCommand(body: Buffer, withCommand: boolean): boolean {
  const text = decode(body);
  if (text === undefined || body.length > 4_096) return false;
  if (withCommand && isCommand(text.trim())) return true;
  const value = parse(text);
  // A route that names the command needs no body: nothing and null say the same.
  if (value === undefined || value === null) return !withCommand && (value === null || text.trim() === '');
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  const { command, switch: named, ...rest } = value as Record<string, unknown>;
  if (withCommand ? !isCommand(command) : command !== undefined || named !== undefined) return false;
  if (named !== undefined && named !== 'www') return false;
  return Object.entries(rest).every(([field, found]) => field in FORM && FORM[field]?.(found) === true);
}

/** The contract's fields, told a second time and by hand: an oracle must not be the code that it judges. */
const FORM: Readonly<Record<string, (value: unknown) => boolean>> = Object.assign(
  Object.create(null) as Record<string, (value: unknown) => boolean>,
  {
    to: (value: unknown) => typeof value === 'string' && ['primary', 'before', 'maintenance'].includes(value),
    id: (value: unknown) => typeof value === 'string' && value.length >= 1 && value.length <= 128,
    reason: (value: unknown) => typeof value === 'string' && value.length <= 256,
    ageMs: (value: unknown) => typeof value === 'number' && value >= 0,
    expiresInMs: (value: unknown) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 600_000,
    issuedAt: (value: unknown) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
    ifRevision: (value: unknown) => Number.isInteger(value) && Number(value) >= 0,
    override: (value: unknown) => Array.isArray(value) && value.every((id) => typeof id === 'string'),
  },
);

function isCommand(value: unknown): boolean {
  return value === 'failover' || value === 'restore' || value === 'drill';
}

function decode(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined; // no text, so no command
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // no JSON, so no command
  }
}
