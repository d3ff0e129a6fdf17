import { expect, test } from 'vitest';
import { FAULT_CHARACTERS_MAX } from '../../shared/messages.ts';
import { openBroker } from './broker.ts';
import { startButton } from './button-in-test.ts';
import { playEndpoint } from './endpoint-played.ts';
import { until } from './until.ts';

test('a fault is published at once, again after a reconnect, and no longer when it is over', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await using button = startButton(broker.url, 60_000);
  const last = (): object | undefined => endpoint.presences.at(-1);
  await until('present', () => endpoint.presences.length === 1);
  expect(last()).not.toHaveProperty('fault');
  button.touch({ kind: 'broken', button: 0, text: 'The chip is gone.' });
  await until('the fault', () => endpoint.presences.length === 2);
  expect(last()).toMatchObject({ online: true, fault: 'The chip is gone.' });
  await broker.away();
  await broker.back();
  await until('the fault again', () => {
    const online = endpoint.presences.filter((one) => one.online);
    return online.length >= 3 && new Set(online.map(({ session }) => session)).size === 2;
  });
  expect(endpoint.presences.findLast((one) => one.online)).toMatchObject({ fault: 'The chip is gone.' });
  button.touch({ kind: 'level', button: 0, pressed: false });
  await until('well again', () => endpoint.presences.findLast((one) => one.online)?.fault === undefined);
  await button.stop();
  await until('goodbye', () => endpoint.presences.at(-1)?.online === false);
});

test('a fault that takes too many words is cut, and not refused', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await using button = startButton(broker.url, 60_000);
  await until('present', () => endpoint.presences.length === 1);
  button.touch({ kind: 'broken', button: 0, text: 'x'.repeat(5_000) });
  await until('the fault', () => endpoint.presences.length === 2);
  expect(endpoint.presences.at(-1)?.fault).toBe('x'.repeat(FAULT_CHARACTERS_MAX));
});
