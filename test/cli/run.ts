import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { childEnv } from '../child-env.ts';
import { ROOT } from '../house/files.ts';

export const BIN = join(ROOT, 'cloud/bin/dashover');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What is typed. */
  readonly input?: string;
  /** Sees the output as it comes, and may stop the process. */
  readonly onOutput?: (stdout: string, stop: () => void) => void;
  readonly command?: readonly [string, ...string[]];
}

/** Runs the real command line as a process of its own, with nothing of our environment but PATH. */
export function dashover(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { env = {}, cwd = ROOT, input = '', onOutput, command: [command, ...before] = [BIN] } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...before, ...args], { cwd, env: childEnv(env) });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      onOutput?.(stdout, () => child.kill('SIGINT'));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(input);
  });
}
