import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeEndpoint, SECRETS, type TestEndpoint } from './endpoint.ts';

let endpoint: TestEndpoint;
beforeAll(async () => {
  endpoint = await makeEndpoint();
});
afterAll(() => endpoint[Symbol.asyncDispose]());

async function accessOf(secret: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${secret}` };
  return (await endpoint.http.inject({ url: '/api/access', headers })).json();
}

const API = {
  switch: 'api',
  title: 'api',
  names: ['api.example.test'],
  positions: ['primary', 'maintenance'],
  failoverTo: 'maintenance',
};

test('a token learns what it may, and between which positions, and nothing of switches that are none of its own', async () => {
  expect(await accessOf(SECRETS.ops)).toMatchObject({
    actor: 'ops',
    may: ['failover', 'restore', 'drill', 'hold', 'release', 'cancel', 'alerts'],
    journal: true,
    switches: [{ switch: 'www' }, API],
  });
  expect(await accessOf(SECRETS.reader)).toEqual({ actor: 'reader', may: [], journal: false, switches: [API] });
});

test('a device commands on a road of its own: here it may only look', async () => {
  expect(await accessOf(SECRETS.lobby)).toMatchObject({
    actor: 'lobby',
    may: [],
    journal: false,
    switches: [{ switch: 'www' }],
  });
});

test('nobody learns anything without a secret, or with one that is for another road', async () => {
  expect(await accessOf('a guess')).toMatchObject({ error: { code: 'not-authenticated' } });
  expect(await accessOf(SECRETS.datadog)).toMatchObject({ error: { code: 'not-allowed' } });
});
