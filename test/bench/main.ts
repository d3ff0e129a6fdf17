import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWorld } from '../world/world.ts';
import { benchAccept } from './accept.ts';
import { benchMove } from './move.ts';
import { benchQueue } from './queue.ts';

/** `npm run bench`: figures as ratios, measured side by side in one run on this machine. */
const write = (text: string): void => void process.stdout.write(`${text}\n`);
const folder = await mkdtemp(join(tmpdir(), 'dashover-bench-'));
try {
  write('Only ratios within a table mean anything: machines are noisy, and these were measured in turn in one run.\n');
  await using world = await startWorld({ folder, ports: 'any', insyncAfterMs: 0 });
  write(await benchAccept(world));
  write(await benchMove(world));
  write(await benchQueue(folder));
} finally {
  await rm(folder, { recursive: true, force: true });
}
