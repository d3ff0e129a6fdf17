import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWorld, type World } from '../world/world.ts';
import { benchAccept } from './accept.ts';
import { benchDevice } from './device.ts';
import { benchFlood } from './flood.ts';
import { benchMove } from './move.ts';
import { benchQueue } from './queue.ts';
import { benchViewers } from './viewers.ts';

/** `npm run bench`: figures as ratios, measured side by side in one run on this machine. `npm run bench -- NAME…` runs some. */
const BENCHES: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  accept: (folder) => inWorld(folder, benchAccept),
  move: (folder) => inWorld(folder, benchMove),
  queue: benchQueue,
  device: benchDevice,
  viewers: benchViewers,
  flood: (folder) => inWorld(folder, benchFlood),
};

async function inWorld(folder: string, bench: (world: World) => Promise<string>): Promise<string> {
  await using world = await startWorld({ folder, ports: 'any', insyncAfterMs: 0 });
  return await bench(world);
}

const write = (text: string): void => void process.stdout.write(`${text}\n`);
const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  process.stderr.write(`There is no ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}.\n`);
  process.exit(2);
}
write('Only ratios within a table mean anything: machines are noisy, and these were measured in turn in one run.\n');
for (const [name, bench] of Object.entries(BENCHES)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const folder = await mkdtemp(join(tmpdir(), 'dashover-bench-'));
  try {
    write(await bench(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
