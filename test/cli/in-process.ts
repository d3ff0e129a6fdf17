import { vi } from 'vitest';
import { makeProgram } from '../../cloud/cli/program.ts';
import { tell } from '../../cloud/cli/tell.ts';

/** The same program without a process of its own, which is quicker, and what it said on both of its outputs. */
export async function inProcess(args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  let said = '';
  const hear = (text: string | Uint8Array): boolean => {
    said += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(hear);
  vi.spyOn(process.stderr, 'write').mockImplementation(hear);
  try {
    await makeProgram().parseAsync(args, { from: 'user' });
    return { code: 0, said };
  } catch (error) {
    return { code: tell(error, args.includes('--json')), said };
  } finally {
    vi.restoreAllMocks();
  }
}
