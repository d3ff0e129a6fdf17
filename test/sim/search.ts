import { parseArgs } from 'node:util';
import { KNOWN_SEEDS } from './known-seeds.ts';
import { play } from './play.ts';

/**
 * `npm run sim -- --minutes 10` plays the known seeds, then seed after seed from a random one on, and stops at the first
 * that breaks a promise. `--from 1` plays from there on, without the known ones; `--count 500` ends after so many;
 * `--seed 42` plays that one and prints all that happened in it.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string' },
    count: { type: 'string' },
  },
});

const endMs = Date.now() + amount('minutes', 1) * 60_000;
let seeds = 0;
let decisions = 0;
let changes = 0;

for (const seed of chosen()) {
  if (Date.now() >= endMs && values.seed === undefined) break;
  const played = await play(seed);
  seeds++;
  decisions += played.decisions;
  changes += played.changes;
  if (values.seed !== undefined || played.broken !== null) process.stdout.write(`${played.trace.join('\n')}\n`);
  if (played.broken === null) continue;
  process.stdout.write(`\nseed ${seed}: ${played.broken}\n`);
  process.exitCode = 1;
  break;
}
process.stdout.write(`${seeds} seeds: ${decisions} decisions, ${changes} changes of records\n`);

function* chosen(): Generator<number> {
  if (values.seed !== undefined) {
    yield amount('seed', 0);
    return;
  }
  if (values.from === undefined) for (const { seed } of KNOWN_SEEDS) yield seed;
  const first = amount('from', Math.floor(Math.random() * 1_000_000_000));
  process.stdout.write(`from seed ${first} on\n`);
  const count = amount('count', Number.POSITIVE_INFINITY);
  for (let nth = 0; nth < count; nth++) yield first + nth;
}

function amount(option: keyof typeof values, otherwise: number): number {
  const text = values[option];
  if (text === undefined) return otherwise;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new Error(`--${option} takes a number, not "${text}".`);
}
