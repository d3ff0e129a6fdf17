import { parseArgs } from 'node:util';
import { play } from './play.ts';

/**
 * `npm run sim -- --minutes 10` plays seed after seed and stops at the first that breaks a promise; `--seed 42` plays
 * that one and prints all that happened in it; `--from 1` begins there and not at a random one, `--count 500` ends.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string' },
    count: { type: 'string' },
  },
});

const first = Number(values.seed ?? values.from ?? Math.floor(Math.random() * 1_000_000_000));
const endMs = Date.now() + Number(values.minutes ?? 1) * 60_000;
const last = values.seed === undefined ? first + Number(values.count ?? Number.POSITIVE_INFINITY) : first + 1;
let decisions = 0;
let changes = 0;
let seed = first;
for (; seed < last && Date.now() < endMs; seed++) {
  const played = await play(seed);
  decisions += played.decisions;
  changes += played.changes;
  if (values.seed !== undefined) process.stdout.write(`${played.trace.join('\n')}\n`);
  if (played.broken === null) continue;
  if (values.seed === undefined) process.stdout.write(`${played.trace.join('\n')}\n`);
  process.stdout.write(`\nseed ${seed}: ${played.broken}\n`);
  process.exitCode = 1;
  break;
}
process.stdout.write(`${seed - first} seeds from ${first} on: ${decisions} decisions, ${changes} changes of records\n`);
