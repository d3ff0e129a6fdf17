import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { makeClockWitness } from '../../device/adapters/clock-right.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { openBroker } from './broker.ts';
import { startButton } from './button-in-test.ts';
import { openEndpoint } from './endpoint-real.ts';
import { playEndpoint } from './endpoint-played.ts';
import { brokerMissing, openMosquitto } from './mosquitto.ts';
import { until } from './until.ts';

vi.setConfig({ testTimeout: 60_000 });

test('a press carries its date only when the clock is known to be right, and its age always', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  let right = false;
  await using button = startButton(broker.url, 60_000, systemClock, { isClockRight: () => right });
  await until('at primary', () => button.lamp() === 'primary');
  button.press('hold');
  await until('failed over', () => button.lamp() === 'maintenance');
  right = true;
  const beforeMs = Date.now();
  button.press('click-hold');
  await until('restored', () => button.lamp() === 'primary');
  const [undated, dated] = endpoint.heard;
  expect(undated).toMatchObject({ command: 'failover', ageMs: expect.any(Number) });
  expect(undated).not.toHaveProperty('issuedAt');
  expect(dated?.ageMs).toEqual(expect.any(Number));
  // A millisecond for each of two roundings.
  expect(Date.parse(dated?.issuedAt ?? '')).toBeGreaterThanOrEqual(beforeMs - 2);
  expect(Date.parse(dated?.issuedAt ?? '')).toBeLessThanOrEqual(Date.now() + 2);
});

test('the clock is right when systemd has noted that it set it, and not when nobody knows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'button-clock-'));
  const file = join(folder, 'synchronized');
  // Nothing of this machine may answer for it.
  vi.stubEnv('PATH', folder);
  const isRight = makeClockWitness(systemClock, file);
  expect(isRight()).toBe(false);
  writeFileSync(file, '');
  expect(isRight()).toBe(true);
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe.skipIf(brokerMissing)('with Mosquitto', () => {
  test('a press that a frozen broker lets go after its deadline moves nothing when the clock is right', async () => {
    await using broker = await openMosquitto();
    const url = `mqtt://127.0.0.1:${broker.port}`;
    await using endpoint = await openEndpoint(url);
    await using button = startButton(url, 1_500, systemClock, { isClockRight: () => true });
    await until('at primary', () => button.lamp() === 'primary');
    broker.freeze();
    button.press('hold');
    await until('not delivered', () => button.lamp() === 'not-delivered');
    broker.thaw();
    // What had reached the frozen broker cannot be called back; the endpoint reads how old it is.
    button.press('click-hold');
    await vi.waitFor(async () => {
      const ended = (await endpoint.jobs()).filter(({ command, finishedAt }) => command === 'restore' && finishedAt);
      expect(ended).toHaveLength(1);
    }, 30_000);
    const moved = (await endpoint.jobs()).filter(
      ({ status, command }) => status === 'succeeded' && command === 'failover',
    );
    expect(moved).toEqual([]);
  });
});
