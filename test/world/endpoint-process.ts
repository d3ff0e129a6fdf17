import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../cloud/main.ts', import.meta.url));
/** A killed endpoint comes back after this, as a service manager would bring it. */
const RESTART_AFTER_MS = 1_000;
/** A graceful stop that takes longer than this is ended by force. */
const STOP_MS_MAX = 10_000;
const READY_MS_MAX = 30_000;

/** `dashover serve` as a child process, so that it can be killed and started again while the world stays. */
export interface EndpointProcess extends AsyncDisposable {
  pid(): number | null;
  /** Resolves when /healthz answers; rejects with the endpoint's last words when it does not come up. */
  ready(): Promise<void>;
  /** `kill -9`, and no restart until `start`. */
  kill(): Promise<void>;
  start(): void;
}

export interface EndpointOptions {
  readonly config: string;
  readonly http: string;
  /** The endpoint's own log, appended. */
  readonly logFile: string;
  readonly onEnd: (sentence: string) => void;
}

export function makeEndpoint(options: EndpointOptions): EndpointProcess {
  let child: ChildProcess | null = null;
  /** Whether an end of the child is followed by a restart. */
  let wanted = false;
  /** It has answered once: from then on an end is an accident, before it is a mistake that a restart repeats. */
  let proven = false;

  const start = (): void => {
    if (child) return;
    wanted = true;
    const log = openSync(options.logFile, 'a', 0o600);
    const started = spawn(process.execPath, [MAIN, 'serve', '--config', options.config], {
      // The channel tells the endpoint that the world is gone, also when that was killed and could not say so.
      stdio: ['ignore', log, log, 'ipc'],
      // Ctrl-C is for the world, which ends its endpoint in good order.
      detached: true,
    });
    closeSync(log);
    child = started;
    started.once('exit', (code, signal) => {
      if (child === started) child = null;
      if (!wanted || !proven) return;
      options.onEnd(
        `The endpoint ended (${signal ?? `exit ${code}`}); it is started again in ${RESTART_AFTER_MS / 1_000} s.`,
      );
      setTimeout(() => wanted && start(), RESTART_AFTER_MS).unref();
    });
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    wanted = false;
    const ending = child;
    if (!ending) return;
    const gone = once(ending, 'exit');
    ending.kill(signal);
    const force = setTimeout(() => ending.kill('SIGKILL'), STOP_MS_MAX);
    await gone;
    clearTimeout(force);
  };

  return {
    pid: () => child?.pid ?? null,
    start,
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: () => end('SIGTERM'),
    ready: async () => {
      const giveUpAt = Date.now() + READY_MS_MAX;
      while (Date.now() < giveUpAt) {
        if (await answers(`${options.http}/healthz`)) {
          proven = true;
          return;
        }
        if (!child && !proven) break;
        await sleep(50);
      }
      throw new Error(`The endpoint did not come up. Its last words:\n${lastLines(options.logFile)}`);
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false; // not up yet: the caller asks again
  }
}

function lastLines(path: string): string {
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
}
