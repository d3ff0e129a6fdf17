import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { childEnv } from '../child-env.ts';
import { ROOT } from '../house/files.ts';
import { openBroker } from './broker.ts';
import { openEndpoint } from './endpoint-real.ts';

vi.setConfig({ testTimeout: 60_000 });

interface Told {
  readonly ok: boolean;
  readonly findings: readonly { readonly name: string; readonly ok: boolean | null; readonly text: string }[];
}

async function check(config: object, token: string): Promise<Told & { readonly code: number; readonly text: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'button-check-'));
  try {
    await writeFile(join(folder, 'button.yaml'), JSON.stringify(config));
    const words = ['check', '--json', '--config', join(folder, 'button.yaml')];
    const env = childEnv({ LOBBY_TOKEN: token });
    const { promise, resolve } = Promise.withResolvers<{ code: number; text: string }>();
    execFile(join(ROOT, 'device/bin/dashover-button'), words, { env }, (error, stdout) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout }),
    );
    const ran = await promise;
    return { ...ran, ...(JSON.parse(ran.text) as Told) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const bad = ({ findings }: Told): string[] => findings.filter(({ ok }) => ok === false).map(({ name }) => name);

test('check asks a real endpoint on both roads, and tells apart a road that is shut and a right that is not given', async () => {
  await using broker = await openBroker();
  await using endpoint = await openEndpoint(broker.url);
  const config = {
    device: 'lobby',
    switch: 'www',
    mqtt: { url: broker.url },
    https: { url: endpoint.url, token: '${LOBBY_TOKEN}' },
  };
  // This endpoint lets the device fail over and restore. A gesture for drills would be refused in the emergency, too.
  const drills = await check(config, endpoint.token);
  expect(bad(drills)).toEqual(['drill', 'https']);
  expect([drills.code, drills.ok]).toEqual([1, false]);
  expect(drills.text).toContain('may not ask for drill');

  const buttons = [{ gestures: { hold: 'failover', 'click-hold': 'restore' } }];
  const without = await check({ ...config, buttons }, endpoint.token);
  expect(bad(without)).toEqual([]);
  expect([without.code, without.ok]).toEqual([0, true]);
  expect(without.findings.slice(-2).map(({ name }) => name)).toEqual(['drill', 'https']);

  const stranger = await check({ ...config, buttons }, 'not-the-token-at-all');
  expect(bad(stranger)).toEqual(['https']);
  expect(stranger.text).not.toContain('not-the-token-at-all');
  expect(await endpoint.jobs()).toEqual([]);
});
