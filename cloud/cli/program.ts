import { Command } from 'commander';
import { registerAlerts } from './alerts.ts';
import { registerAudit } from './audit.ts';
import { registerCancel } from './cancel.ts';
import { registerCheck } from './check.ts';
import { registerDatadog } from './datadog.ts';
import { registerDrill } from './drill.ts';
import { registerFailover } from './failover.ts';
import { registerHold } from './hold.ts';
import { registerImport } from './import.ts';
import { registerJob } from './job.ts';
import { registerJobs } from './jobs.ts';
import { registerNotify } from './notify.ts';
import { CONFIG_DEFAULT, example } from './options.ts';
import { registerPlan } from './plan.ts';
import { registerPolicy } from './policy.ts';
import { registerRelease } from './release.ts';
import { registerRestore } from './restore.ts';
import { registerSchema } from './schema.ts';
import { registerStatus } from './status.ts';
import { registerWatch } from './watch.ts';
import { VERSION } from './version.ts';

/** All commands. Nothing runs until it is told what to parse; errors are thrown, also those of wrong use. */
export function makeProgram(): Command {
  const program = new Command('dashover')
    .description('The emergency DNS switch: moves a site to its maintenance page in Route 53, and back.')
    .version(VERSION)
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
  registerAudit(program);
  registerPolicy(program);
  registerPlan(program);
  registerImport(program);
  registerDatadog(program);
  registerNotify(program);
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
    .option('--json', 'log JSON on a terminal, too, as it does everywhere else')
    .action(async (options: { config: string; json?: boolean }) => {
      // The server, the AWS SDK and MQTT are loaded by this command alone: the others start at once.
      const { serve } = await import('./serve.ts');
      await serve(options);
    });
  example(command, 'dashover serve --config /etc/dashover/dashover.yaml');
}
