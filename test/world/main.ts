import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { watchWorld } from './events.ts';
import { lineOf } from './plain-lines.ts';
import { welcome } from './welcome.ts';
import { runScreen } from './screen.ts';
import { startWorld, type World } from './world.ts';

/** `npm start`: the local world until Ctrl-C, as a live screen on a terminal and line by line elsewhere. */
const FOLDER = resolve(process.env['DASHOVER_WORLD'] ?? fileURLToPath(new URL('../../.dashover', import.meta.url)));

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const sayNow = (sentence: string): void => say(`${new Date().toISOString().slice(11, 19)}  ${sentence}`);

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());

try {
  await using world = await startWorld({
    folder: FOLDER,
    ports: 'default',
    onEndpoint: (sentence) => sayNow(`endpoint  ${sentence}`),
  });
  if (process.stdin.isTTY && process.stdout.isTTY) await runScreen(world, stop.signal);
  else await tellLines(world);
  sayNow('goodbye   The endpoint stops and all ends; the next start begins at primary, with nothing remembered.');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function tellLines(world: World): Promise<void> {
  say(welcome(world.file, world.folder, world.moved));
  say('Everything that happens is told below, in UTC. Ctrl-C ends it all.\n');
  let last = '';
  const off = watchWorld(world, (event) => {
    const line = lineOf(event, Date.now());
    // A state is published again whenever it was looked at; what it says is news only once.
    if (line === null || line.slice(8) === last) return;
    last = line.slice(8);
    say(line);
  });
  await new Promise<void>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(), { once: true });
    if (stop.signal.aborted) resolve();
  });
  off();
}
