import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { childEnv } from '../child-env.ts';
import { until } from './until.ts';

const BIN = fileURLToPath(new URL('../../device/bin/dashover-button', import.meta.url));

/** The program as it is shipped, in a process of its own, with lines on its standard input for a finger. */
export interface ButtonProcess extends AsyncDisposable {
  /** Everything it has said. */
  out(): string;
  /** The words of the lamp, each change once, from the first on. */
  lamps(): string[];
  /** Waits until the lamp shows this word. */
  shows(word: string): Promise<void>;
  press(gesture: 'hold' | 'click-hold' | 'triple'): void;
  /** Sends the signal, and waits for the end: the exit code, or null. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

const WORD = /^([A-Z][A-Z ,]+)(?:: |$)/;

/** Starts the button "lobby" of the switch "www"; `settings` are further keys of its configuration. */
export async function startProcess(settings: object, env: Record<string, string> = {}): Promise<ButtonProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'button-process-'));
  const file = join(folder, 'button.yaml');
  writeFileSync(file, stringify({ device: 'lobby', switch: 'www', ...settings }));
  const child = spawn(BIN, ['run', '--config', file], { env: childEnv(env) });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()));
  // A press may come when the process has been killed already.
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const lamps = (): string[] => {
    const words = text.split('\n').map((line) => WORD.exec(line)?.[1] ?? '');
    return words.filter((word, at) => word !== '' && word !== words.slice(0, at).findLast((one) => one !== ''));
  };
  return {
    out: () => text,
    lamps,
    async shows(word) {
      await until(`the lamp says ${word}`, () => lamps().at(-1) === word, 30_000).catch((error: unknown) => {
        throw new Error(`${String(error)}\nIt said:\n${text}`, { cause: error });
      });
    },
    press: (gesture) => void child.stdin.write(`${gesture}\n`),
    async kill(signal) {
      child.kill(signal);
      return ended;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
