import { Command, CommanderError } from 'commander';
import { registerAlerts } from './cli/alerts.ts';
import { registerCancel } from './cli/cancel.ts';
import { registerCheck } from './cli/check.ts';
import { registerDrill } from './cli/drill.ts';
import { registerFailover } from './cli/failover.ts';
import { CliFailure } from './cli/failure.ts';
import { registerHold } from './cli/hold.ts';
import { registerJob } from './cli/job.ts';
import { registerJobs } from './cli/jobs.ts';
import { CONFIG_DEFAULT, example } from './cli/options.ts';
import { registerRelease } from './cli/release.ts';
import { registerRestore } from './cli/restore.ts';
import { registerSchema } from './cli/schema.ts';
import { registerStatus } from './cli/status.ts';
import { remark, sayJson } from './cli/terminal.ts';
import { registerWatch } from './cli/watch.ts';
import manifest from './package.json' with { type: 'json' };

// A reader that has seen enough (`dashover jobs | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await makeProgram().parseAsync();
} catch (error) {
  process.exitCode = tell(error, process.argv.includes('--json'));
}

function makeProgram(): Command {
  const program = new Command('dashover')
    .description('The emergency DNS switch: moves a site to its maintenance page in Route 53, and back.')
    .version(manifest.version)
    .exitOverride()
    .showHelpAfterError('(--help says how)')
    .configureHelp({ showGlobalOptions: false });
  registerServe(program);
  registerCheck(program);
  registerStatus(program);
  registerFailover(program);
  registerRestore(program);
  registerDrill(program);
  registerHold(program);
  registerRelease(program);
  registerCancel(program);
  registerAlerts(program);
  registerJobs(program);
  registerJob(program);
  registerWatch(program);
  registerSchema(program);
  return example(
    program,
    'dashover serve --config dashover.yaml\nexport DASHOVER_TOKEN=…           # the secret of a token in dashover.yaml\ndashover failover www\ndashover restore www',
  );
}

function registerServe(program: Command): void {
  const command = program
    .command('serve')
    .summary('run the endpoint')
    .description('Runs the endpoint until SIGTERM or Ctrl-C.')
    .option('--config <file>', 'the configuration', CONFIG_DEFAULT)
    .action(async (options: { config: string }) => {
      // The server, the AWS SDK and MQTT are loaded by this command alone: the others start at once.
      const { serve } = await import('./cli/serve.ts');
      await serve(options);
    });
  example(command, 'dashover serve --config /etc/dashover/dashover.yaml');
}

/** Says an error to whoever asked; returns the exit code: 1 it did not happen, 2 wrong use or configuration. */
function tell(error: unknown, json: boolean): number {
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
