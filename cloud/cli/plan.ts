import type { Command } from 'commander';
import type { SwitchesConfig } from '../config/read-switches.ts';
import type { OpenRecordStore } from '../adapters/route53.ts';
import type { RateBudget } from '../jobs/rate-budget.ts';
import { CliFailure, wrongUse } from './failure.ts';
import { CONFIG_DEFAULT, example, jsonOption } from './options.ts';
import type { Proposal } from './plan-words.ts';
import { confirm, isInteractive, plain, remark, say, sayJson } from './terminal.ts';

interface PlanOptions {
  readonly config: string;
  readonly to: string;
  readonly apply?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

type Target = SwitchesConfig['switches'][number];

export function registerPlan(program: Command): void {
  const command = program
    .command('plan')
    .summary('move a switch without the endpoint: show the change, or send it')
    .description(
      'Reads the live records with your own AWS credentials, and prints them as they are, as they would be, the change batch and the aws command that sends it. Needs no endpoint, store or broker, and of dashover.yaml only route53, dns and switches. --apply sends the change itself, waits until it is INSYNC and asks the name servers. While the endpoint runs, use failover and restore: it takes this for somebody else’s move.',
    )
    .argument('<switch>', 'which one')
    .requiredOption('--to <position>', 'primary, or another position of the switch')
    .option('--config <file>', 'the configuration', CONFIG_DEFAULT)
    .option('--apply', 'send the change, wait and verify')
    .option('--yes', 'with --apply: do not ask on a terminal')
    .addOption(jsonOption())
    .action(plan);
  example(command, 'dashover plan www --to maintenance\ndashover plan www --to maintenance --apply');
}

async function plan(name: string, options: PlanOptions): Promise<void> {
  const [
    { readSwitches },
    { openRecordStore },
    { silentLog },
    { systemClock },
    { makeRateBudget },
    { asJson, asText },
  ] = await Promise.all([
    import('../config/read-switches.ts'),
    import('../adapters/route53.ts'),
    import('../../shared/log.ts'),
    import('../../shared/system-clock.ts'),
    import('../jobs/rate-budget.ts'),
    import('./plan-words.ts'),
  ]);
  const config = readSwitches(options.config, process.env);
  const target = theTarget(config, name, options.to);
  await using records = await openRecordStore({ ...config.route53, log: silentLog });
  const budget = makeRateBudget(systemClock, config.route53.requestsPerSecond);
  const proposal = await propose(target, options.to, records, budget);
  const { planned } = proposal;
  const json = options.json === true;
  const shown = asJson(proposal, config.route53.endpoint);
  if (!json) say(asText(proposal, config.route53.endpoint));
  if (planned.kind === 'refused') throw new CliFailure(planned.code, planned.message, planned.hint);
  if (planned.kind === 'nothing' || options.apply !== true) {
    if (json) sayJson(shown);
    return;
  }
  const asks = options.yes !== true && !json && isInteractive();
  if (asks && !(await confirm(plain(`Send this change, and move ${name} to ${options.to}?`)))) {
    throw new CliFailure('not-confirmed', 'Nothing was sent.', 'Answer y to go ahead, or say --yes.');
  }
  const { apply } = await import('./plan-apply.ts');
  const job = await apply(config, target, proposal, { records, budget }, json);
  if (json) sayJson({ ...shown, job });
  // What happened is said already; only the exit code is left to tell.
  if (job.status !== 'succeeded') process.exitCode = 1;
}

function theTarget({ switches }: SwitchesConfig, name: string, to: string): Target {
  const target = switches.find((one) => one.name === name);
  if (!target) {
    const names = switches.map((one) => one.name).join(', ');
    throw wrongUse(`dashover.yaml has no switch ${plain(name)}.`, `Name one of: ${names}.`);
  }
  if (Object.hasOwn(target.positions, to)) return target;
  const positions = Object.keys(target.positions).join(', ');
  throw to === 'before'
    ? wrongUse('The records from before are known to the endpoint alone.', `Name one of: ${positions}.`)
    : wrongUse(`${name} has no position ${plain(to)}.`, `Name one of: ${positions}.`);
}

/** What is there, and what would have to be sent. Only reads. */
async function propose(target: Target, to: string, records: OpenRecordStore, budget: RateBudget): Promise<Proposal> {
  const [{ makePatience }, { isFault }, { plan: decide }, { reading }, { namesToRead, ownedAmong, ownedBy }] =
    await Promise.all([
      import('./patience.ts'),
      import('../../shared/faults.ts'),
      import('../jobs/plan.ts'),
      import('../jobs/reading.ts'),
      import('../jobs/records.ts'),
    ]);
  const names = namesToRead(target.positions, target.zone);
  const patience = makePatience(budget);
  const live = await patience.read(records, target.zone, names);
  const zone = await patience
    .ask((signal) => records.zone(target.zone, signal))
    .catch((error: unknown) => {
      if (!isFault(error)) throw error;
      // What the zone is helps to plan and to verify; the way out does not depend on the right to ask for it.
      remark(plain(error.message));
      return null;
    });
  const owned = ownedBy(target.positions);
  const before = ownedAmong(live, owned);
  const wanted = target.positions[to] ?? [];
  const planned = decide(live, wanted, owned, { id: target.zone, name: zone?.name ?? null }, to);
  return { target, to, zone: zone?.name ?? null, found: reading(live, target), before, planned };
}
