import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import type { WorldFile } from './world-file.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const WITHIN = { timeout: 15_000, interval: 50 };

/** `npm start` without a terminal, in a folder of its own, from the moment that it is up. */
async function startMain() {
  const folder = await mkdtemp(join(tmpdir(), 'dashover-world-'));
  const env = { ...process.env, DASHOVER_WORLD: folder };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  const file = await vi.waitFor(
    async () => JSON.parse(await readFile(join(folder, 'world.json'), 'utf8')) as WorldFile,
    WITHIN,
  );
  return {
    file,
    said: () => said,
    end,
    isUp: () =>
      fetch(`${file.http}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    async [Symbol.asyncDispose]() {
      await end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

test('a world that is killed leaves no endpoint behind', { timeout: 40_000 }, async () => {
  await using world = await startMain();
  expect(await world.isUp()).toBe(true);
  await world.end('SIGKILL');
  await vi.waitFor(async () => expect(await world.isUp()).toBe(false), WITHIN);
});
