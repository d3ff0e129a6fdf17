import { InvalidArgumentError, type Command } from 'commander';
import { parseDuration } from '../../shared/duration.ts';
import type { Chain, JournalEntry } from './audit-chain.ts';
import { CliFailure, wrongUse } from './failure.ts';
import { CONFIG_DEFAULT, durationArgument, example, openApi, overHttp, type EndpointOptions } from './options.ts';
import { say, sayJson } from './terminal.ts';
import { timeInWords } from './times.ts';

/** Rows asked for at once. */
const PAGE = 500;

interface ExportOptions extends EndpointOptions {
  readonly after: number;
  readonly truncate?: boolean;
  readonly out?: string;
  readonly keep: string;
  readonly config: string;
}

export function registerAudit(program: Command): void {
  const audit = program
    .command('audit')
    .summary('the journal: check its chain, or write it out')
    .description('The journal of everything that was decided, refusals included. Needs a token for all switches.');
  example(audit, 'dashover audit verify');
  const verify = overHttp(
    audit
      .command('verify [exports...]')
      .summary('is the journal whole and unchanged')
      .description(
        'Reads the whole journal and computes its chain of hashes here: exit 1 when a row was changed, taken out or put in. Begins with these exports, oldest first, when their rows have been taken out; rows that two of them have must be the same.',
      ),
  ).action(async (exports: readonly string[], options: EndpointOptions) => verifyJournal(exports, options));
  example(verify, 'dashover audit verify\ndashover audit verify 2026-10.jsonl 2026-11.jsonl');
  const written = overHttp(
    audit
      .command('export')
      .summary('the journal as JSON lines')
      .description(
        'Prints the journal, one row a line. With --truncate it is written into a file, straight from the store that dashover.yaml names, and then taken out of it: for whoever may reach the store itself.',
      ),
  )
    .option('--after <row>', 'only rows after this number', rowArgument, 0)
    .option('--truncate', 'take the rows out of the store once they are safe in the file')
    .option('--out <file>', 'with --truncate: the file, which must not be there yet')
    .option('--keep <duration>', 'with --truncate: leave rows younger than this where they are', durationArgument, '0s')
    .option('--config <file>', 'with --truncate: the configuration', CONFIG_DEFAULT)
    .action(async (options: ExportOptions) => (options.truncate === true ? takeOut(options) : exportJournal(options)));
  example(
    written,
    'dashover audit export > journal.jsonl\ndashover audit export --after 1200 >> journal.jsonl\ndashover audit export --truncate --keep 90d --out 2026-11.jsonl',
  );
}

async function verifyJournal(exports: readonly string[], options: EndpointOptions): Promise<void> {
  const { chainFrom, follow } = await import('./audit-chain.ts');
  const api = await openApi(options);
  let chain = exports.length > 0 ? await verifyFiles(exports) : undefined;
  for (let more = true; more;) {
    const { anchor, entries } = await api.journal(chain?.last?.seq ?? 0, PAGE);
    chain ??= chainFrom(anchor);
    if (chain.last && anchor.seq > chain.last.seq) throw gap(chain.last.seq, anchor.seq);
    for (const entry of entries) chain = follow(chain, entry);
    if (chain.broken) throw brokenAt(chain.broken);
    more = entries.length > 0;
  }
  if (chain) tellWhole(chain, options.json === true);
}

async function verifyFiles(paths: readonly string[]): Promise<Chain> {
  const { follow, startOf } = await import('./audit-chain.ts');
  const { readExport, rowsFrom } = await import('./audit-file.ts');
  let chain: Chain | undefined;
  for (const [place, path] of paths.entries()) {
    let before: ReadonlyMap<number, string> | undefined;
    for await (const entry of readExport(path)) {
      if (chain?.last && entry.seq <= chain.last.seq) {
        // An export that was ended half-way, after its file was written, left rows to the next one that both then have.
        before ??= await rowsFrom(paths.slice(0, place), entry.seq);
        const same = before.get(entry.seq);
        if (same === JSON.stringify(entry)) continue;
        const why = 'it is not as in an export before';
        if (same !== undefined) throw brokenAt({ seq: entry.seq, why }, path);
      }
      chain = follow(chain ?? startOf(entry), entry);
      if (chain.broken) throw brokenAt(chain.broken, path);
    }
  }
  if (chain) return chain;
  throw wrongUse(`${paths.join(', ')}: there is no row of the journal in it.`, 'Name files that audit export wrote.');
}

function brokenAt({ seq, why }: NonNullable<Chain['broken']>, path?: string): CliFailure {
  return new CliFailure(
    'journal-broken',
    `The journal ${path === undefined ? '' : `in ${path} `}is not as it was written: at row ${seq}, ${why}.`,
    'Somebody has changed the database, or the export. Compare with an earlier export, and keep both.',
  );
}

function gap(last: number, anchor: number): CliFailure {
  return new CliFailure(
    'journal-incomplete',
    `The journal begins after row ${anchor} now, and what was read before ends at row ${last}.`,
    'Name the export of the rows between as well; if it is being truncated this moment, verify it again.',
  );
}

function tellWhole({ rows, anchor, first, last }: Chain, json: boolean): void {
  const hash = last?.hash ?? null;
  if (json) {
    sayJson({ whole: true, rows, anchor, first: first?.at ?? null, last: last?.at ?? null, hash });
    return;
  }
  if (anchor.seq > 0) {
    say(
      `It begins after row ${anchor.seq}, with the hash ${anchor.hash ?? 'unknown'}: the rows before were taken out.`,
    );
  }
  if (first && last) {
    say(
      `The journal is whole: ${rows} row${rows === 1 ? '' : 's'} from ${timeInWords(first.at)} to ${timeInWords(last.at)}.`,
    );
    say(`The hash of the last one is ${last.hash}; note it elsewhere, and nobody can write the journal anew unseen.`);
  } else say('The journal is empty.');
}

async function exportJournal(options: ExportOptions): Promise<void> {
  if (options.out !== undefined || options.keep !== '0s') {
    throw wrongUse('--out and --keep belong to --truncate.', 'Write --truncate, or send the output into a file.');
  }
  for await (const entry of journal(options, options.after)) say(JSON.stringify(entry));
}

async function takeOut({ out, keep, config, after, json }: ExportOptions): Promise<void> {
  if (out === undefined) throw wrongUse('--truncate needs a file.', 'Name it: --out journal.jsonl.');
  if (after > 0) throw wrongUse('--truncate takes out the oldest rows.', 'Leave --after away.');
  const { exportAndTruncate } = await import('./audit-truncate.ts');
  const { rows, from, to } = await exportAndTruncate({ config, out, keepMs: parseDuration(keep) ?? 0 });
  if (json === true) sayJson({ rows, from, to, file: out });
  else if (rows === 0) say('There is no row to take out.');
  else say(`${rows} rows, ${from} to ${to}, are in ${out}, and no longer in the store. Keep the file.`);
}

/** Every row after that number, oldest first. */
async function* journal(options: EndpointOptions, after: number): AsyncGenerator<JournalEntry> {
  const api = await openApi(options);
  for (let from = after; ;) {
    const { entries } = await api.journal(from, PAGE);
    yield* entries;
    const last = entries.at(-1);
    if (!last || last.seq <= from) return;
    from = last.seq;
  }
}

function rowArgument(text: string): number {
  const row = Number(text);
  if (/^\d{1,15}$/.test(text)) return row;
  throw new InvalidArgumentError('Write the number of a row, such as 1200.');
}
