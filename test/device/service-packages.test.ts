import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import { ROOT } from '../house/files.ts';
import { openBroker } from './broker.ts';
import { playEndpoint } from './endpoint-played.ts';

// Fetches some 270 MB of packages, or takes them from npm's cache.
vi.setConfig({ testTimeout: 300_000 });

const run = promisify(execFile);
const OFFLINE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED/;

test('what npm installs for a Pi has nothing of the endpoint, no AWS SDK client, its own Node, and a button that presses', async (context) => {
  const root = await mkdtemp(join(tmpdir(), 'button-packages-'));
  try {
    const env = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      DESTDIR: root,
      npm_config_prefer_offline: 'true',
    };
    try {
      await run('sh', [join(ROOT, 'device/install/install.sh')], { env });
    } catch (error) {
      if (!(error instanceof Error) || !OFFLINE.test(error.message) || process.env['DASHOVER_REQUIRE_SERVICES'])
        throw error;
      context.skip('npm reaches no registry, and its cache has not all of the packages: run it with a network once');
    }
    const current = join(root, 'opt/dashover-button/current');
    const packages = await readdir(join(current, 'node_modules'), { recursive: true });
    const foreign =
      /^(fastify|@fastify|pg|pino|aedes|vitest|typescript|playwright-core|@smithy|@aws-sdk\/client-[^/]+)$/;
    expect(packages.filter((path) => foreign.test(path))).toEqual([]);
    expect(packages).toEqual(expect.arrayContaining(['koffi', 'mqtt', 'aws-iot-device-sdk-v2']));

    const node = await run(join(current, 'node_modules/.bin/node'), ['--version']);
    expect(node.stdout).toMatch(/^v24\./);
    await using broker = await openBroker();
    await using endpoint = await playEndpoint(broker.url, 'obedient');
    const flags = ['run', '--url', broker.url, '--switch', 'www', '--device', 'lobby'];
    const button = spawn(join(current, 'device/bin/dashover-button'), flags, {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
    });
    button.stdin.end('hold\n');
    const [code] = (await once(button, 'close')) as [number | null];
    expect([code, endpoint.heard.map(({ command }) => command)]).toEqual([0, ['failover']]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
