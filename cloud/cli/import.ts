import type { Command } from 'commander';
import type { RecordSet } from '../ports.ts';
import { baseUrl } from './base-url.ts';
import { CliFailure, wrongUse } from './failure.ts';
import { example, jsonOption } from './options.ts';
import { plain, remark, say, sayJson } from './terminal.ts';

interface ImportOptions {
  readonly zone: string;
  readonly endpoint?: string;
  readonly json?: boolean;
}

/** There is no configuration yet to say less: what an account has. */
const REQUESTS_PER_SECOND = 5;
/** The answer lives in caches for so long that a failover is felt late. */
const TTL_SECONDS_WANTED = 120;

export function registerImport(program: Command): void {
  const command = program
    .command('import')
    .summary('the live records of a name, as YAML for dashover.yaml')
    .description(
      'Reads every record set of the names with your own AWS credentials, and prints them as the position primary of a switch. Changes nothing. Remove the sets that the switch shall not own.',
    )
    .argument('<name...>', 'host names, such as www.example.com')
    .requiredOption('--zone <id>', 'the hosted zone id, such as Z0123456789ABC')
    .option('--endpoint <url>', 'only for a local Route 53')
    .addOption(jsonOption())
    .action(importSets);
  example(command, 'dashover import www.example.com --zone Z0123456789ABC');
}

async function importSets(names: readonly string[], options: ImportOptions): Promise<void> {
  const [
    { openRecordStore },
    { silentLog },
    { systemClock },
    { makeRateBudget },
    { makePatience },
    { positionInYaml, sortOut },
    { ZoneId },
    { readName },
  ] = await Promise.all([
    import('../adapters/route53.ts'),
    import('../../shared/log.ts'),
    import('../../shared/system-clock.ts'),
    import('../jobs/rate-budget.ts'),
    import('./patience.ts'),
    import('./import-yaml.ts'),
    import('../config/leaves.ts'),
    import('../config/dns-name.ts'),
  ]);
  const zone = ZoneId.safeParse(options.zone);
  if (!zone.success)
    throw wrongUse(`${plain(options.zone)} is no hosted zone id.`, 'Write one such as Z0123456789ABC.');
  const wanted = names.map((text) => {
    const reading = readName(text);
    if ('name' in reading) return reading.name;
    throw wrongUse(`${plain(text)} ${reading.why}.`, 'Write whole names.');
  });
  await using records = await openRecordStore({ region: 'us-east-1', endpoint: localUrl(options), log: silentLog });
  const live = await makePatience(makeRateBudget(systemClock, REQUESTS_PER_SECOND)).read(records, zone.data, wanted);
  const missing = wanted.filter((name) => !live.some((set) => set.name === name));
  if (missing.length > 0) {
    const hint = 'Check the name and the zone; a name that a wildcard answers has no records of its own.';
    throw new CliFailure('no-records', `The zone ${zone.data} has no record at ${missing.join(', ')}.`, hint);
  }
  const { sets, left } = sortOut(live);
  if (options.json === true) sayJson({ zone: zone.data, positions: { primary: sets }, left });
  else say(positionInYaml(zone.data, sets));
  for (const line of [...left.map(({ why }) => why), ...ttlsInWords(sets)]) remark(plain(line));
  // What was asked for is not whole: a position that lacks sets would be told as primary all the same.
  if (left.some(({ needed }) => needed)) process.exitCode = 1;
}

function localUrl({ endpoint }: ImportOptions): string | undefined {
  if (endpoint === undefined) return undefined;
  const base = baseUrl(endpoint);
  if (base !== undefined) return base;
  throw wrongUse(
    '--endpoint is not an http or https URL without a user name and a query.',
    'Write one such as http://127.0.0.1:15380.',
  );
}

function ttlsInWords(sets: readonly RecordSet[]): string[] {
  const slow = sets.filter(({ ttl = 0 }) => ttl > TTL_SECONDS_WANTED);
  return slow.map(
    ({ name, type, ttl }) =>
      `${type} ${name} has a TTL of ${ttl ?? 0} s: after a failover caches give the old answer for so long. Lower it to 60 s.`,
  );
}
