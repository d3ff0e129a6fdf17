import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { watchWorld } from './events.ts';
import { lineOf } from './plain-lines.ts';
import { welcome } from './welcome.ts';
import { startWorld } from './world.ts';

/** `npm start`: the local world, told line by line until Ctrl-C. */
const FOLDER = resolve(process.env['DASHOVER_WORLD'] ?? fileURLToPath(new URL('../../.dashover', import.meta.url)));

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const sayNow = (sentence: string): void => say(`${new Date().toISOString().slice(11, 19)}  ${sentence}`);

const stop = Promise.withResolvers<void>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.resolve());

try {
  await using world = await startWorld({
    folder: FOLDER,
    ports: 'default',
    onEndpoint: (sentence) => sayNow(`endpoint  ${sentence}`),
  });
  say(welcome(world.file, world.folder, world.moved));
  watchWorld(world, (event) => {
    const line = lineOf(event, Date.now());
    if (line !== null) say(line);
  });
  await stop.promise;
  sayNow('goodbye   The endpoint finishes what it has begun, then all ends.');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
