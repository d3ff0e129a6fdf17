import { vi } from 'vitest';
import { makeProgram } from '../../cloud/cli/program.ts';
import { tell } from '../../cloud/cli/tell.ts';
import type { Ran } from './run.ts';

/**
 * The command line without a process of its own, which saves half a second: what it said, stream by stream, and its
 * exit code. One at a time, for it listens to the streams of the test itself.
 */
export async function runInside(args: readonly string[]): Promise<Ran> {
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[stream], 'write').mockImplementation((text: string | Uint8Array) => {
      said[stream] += String(text);
      return true;
    });
  }
  const before = process.exitCode;
  process.exitCode = 0;
  let code: number;
  try {
    await makeProgram().parseAsync(args, { from: 'user' });
    code = process.exitCode;
  } catch (error) {
    code = tell(error, args.includes('--json'));
  } finally {
    process.exitCode = before;
    vi.restoreAllMocks();
  }
  return { ...said, code };
}
