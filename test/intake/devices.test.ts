import { expect, test, vi } from 'vitest';
import { makeEndpoint, SECRETS } from './endpoint.ts';

test('the drill of a button is remembered as its last one, and one that somebody else played is not', async () => {
  await using endpoint = await makeEndpoint();
  const ask = { kind: 'move', command: 'drill', options: {}, alert: null } as const;
  const device = { name: 'lobby', on: ['www'], may: ['drill'], token: undefined, drillEveryMs: undefined } as const;
  const played = await endpoint.door.accept({ caller: { kind: 'device', device }, switch: 'www', ask, replyTo: [] });
  await vi.waitFor(async () => expect((await endpoint.engine.job(played.job?.id ?? ''))?.status).toBe('succeeded'));

  const headers = { authorization: `Bearer ${SECRETS.ops}` };
  const { devices } = (await endpoint.http.inject({ url: '/api/devices', headers })).json() as { devices: object[] };
  expect(devices).toMatchObject([
    { device: 'lobby', lastDrillAt: expect.stringMatching(/^\d{4}-.+Z$/) },
    { device: 'roof', lastDrillAt: null },
  ]);
});
