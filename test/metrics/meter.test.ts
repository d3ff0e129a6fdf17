import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { importProm, openMeter, type OpenMeter } from '../../cloud/adapters/prometheus.ts';

let tries: number;
let broken: boolean;
let meter: OpenMeter;

/** As when an update takes the package away under a running endpoint, or no file can be opened any more. */
async function load(): ReturnType<typeof importProm> {
  tries++;
  if (broken) throw new Error('too many open files');
  return importProm();
}

beforeEach(() => {
  vi.useFakeTimers();
  tries = 0;
  broken = true;
  meter = openMeter({ version: 'test', load });
});
afterEach(async () => {
  vi.useRealTimers();
  await meter[Symbol.asyncDispose]();
});

const press = (times: number): void => {
  for (let n = 0; n < times; n++) meter.count('dashover_deliveries_total', { receiver: 'x', result: 'delivered' });
};
const counted = async (): Promise<string | undefined> =>
  (await meter.text([])).split('\n').find((line) => line.startsWith('dashover_deliveries_total{'));

test('a metrics library that cannot be loaded ends nothing, and the next look tries it again', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): unknown => unhandled.push(error);
  process.on('unhandledRejection', note);
  press(3);
  await vi.advanceTimersByTimeAsync(10_000);
  vi.useRealTimers();
  // Node tells of a rejection that nobody handles after the present turn.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect([tries, unhandled]).toEqual([1, []]);

  await expect(meter.text([])).rejects.toThrow('too many open files');
  broken = false;
  expect(await counted()).toMatch(/ 3$/);
  expect(tries).toBe(3);
});

test('what happens while it cannot be loaded is kept for later, within a limit', async () => {
  press(20_000);
  broken = false;
  expect(await counted()).toMatch(/ 10000$/);
  press(1);
  expect(await counted()).toMatch(/ 10001$/);
});

test('one that never could be loaded is closed like any other', async () => {
  await expect(meter.text([])).rejects.toThrow('too many open files');
  await expect(meter[Symbol.asyncDispose]()).resolves.toBeUndefined();
});
