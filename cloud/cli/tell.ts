import { CommanderError } from 'commander';
import { CliFailure } from './failure.ts';
import { remark, sayJson } from './terminal.ts';

/** Says an error to whoever asked; returns the exit code: 1 it did not happen, 2 wrong use or configuration. */
export function tell(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof Error)) throw error;
  const failure = asFailure(error);
  if (!failure) {
    // A mistake of ours: only its stack tells where.
    remark(error.stack ?? error.message);
    return 1;
  }
  const { code, message, hint, exitCode } = failure;
  if (json) sayJson({ error: { code, message, hint } });
  else remark([message, hint].filter((sentence) => sentence !== '').join('\n'));
  return exitCode;
}

/** Errors of the configuration and of the world speak for themselves; told by name, so that nothing is loaded for it. */
function asFailure(error: Error): Pick<CliFailure, 'code' | 'message' | 'hint' | 'exitCode'> | undefined {
  if (error instanceof CliFailure) return error;
  if (error.name === 'ConfigProblems') return { code: 'config', message: error.message, hint: '', exitCode: 2 };
  if (error.name !== 'Fault' || !('code' in error) || !('hint' in error)) return undefined;
  return { code: String(error.code), message: error.message, hint: String(error.hint), exitCode: 1 };
}
