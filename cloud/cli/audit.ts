import { InvalidArgumentError, type Command } from 'commander';
import { CliFailure } from './failure.ts';
import { example, openApi, overHttp, type EndpointOptions } from './options.ts';
import { say, sayJson } from './terminal.ts';
import { timeInWords } from './times.ts';
import type { JournalEntry } from './audit-chain.ts';

/** Rows asked for at once. */
const PAGE = 500;

interface ExportOptions extends EndpointOptions {
  readonly after: number;
}

export function registerAudit(program: Command): void {
  const audit = program
    .command('audit')
    .summary('the journal: check its chain, or write it out')
    .description('The journal of everything that was decided, refusals included. Needs a token for all switches.');
  example(audit, 'dashover audit verify');
  const verify = overHttp(
    audit
      .command('verify')
      .summary('is the journal whole and unchanged')
      .description(
        'Reads the whole journal and computes its chain of hashes here: exit 1 when a row was changed, taken out or put in.',
      ),
  ).action(async (options: EndpointOptions) => verifyJournal(options));
  example(verify, 'dashover audit verify');
  const written = overHttp(
    audit.command('export').summary('the journal as JSON lines').description('Prints the journal, one row a line.'),
  )
    .option('--after <row>', 'only rows after this number', rowArgument, 0)
    .action(async (options: ExportOptions) => exportJournal(options));
  example(written, 'dashover audit export > journal.jsonl\ndashover audit export --after 1200 >> journal.jsonl');
}

async function verifyJournal(options: EndpointOptions): Promise<void> {
  const { EMPTY_CHAIN, follow } = await import('./audit-chain.ts');
  let chain = EMPTY_CHAIN;
  for await (const entry of journal(options, 0)) {
    chain = follow(chain, entry);
    if (chain.broken) break;
  }
  const { rows, first, last, broken } = chain;
  if (broken) {
    throw new CliFailure(
      'journal-broken',
      `The journal is not as it was written: at row ${broken.seq}, ${broken.why}.`,
      'Somebody has changed the database. Compare with an earlier export, and keep both.',
    );
  }
  if (options.json === true) {
    sayJson({ whole: true, rows, first: first?.at ?? null, last: last?.at ?? null, hash: last?.hash ?? null });
  } else if (first && last) {
    say(
      `The journal is whole: ${rows} row${rows === 1 ? '' : 's'} from ${timeInWords(first.at)} to ${timeInWords(last.at)}.`,
    );
    say(`The hash of the last one is ${last.hash}; note it elsewhere, and nobody can write the journal anew unseen.`);
  } else say('The journal is empty.');
}

async function exportJournal(options: ExportOptions): Promise<void> {
  for await (const entry of journal(options, options.after)) say(JSON.stringify(entry));
}

/** Every row after that number, oldest first. */
async function* journal(options: EndpointOptions, after: number): AsyncGenerator<JournalEntry> {
  const api = await openApi(options);
  for (let from = after; ;) {
    const page = await api.journal(from, PAGE);
    yield* page;
    const last = page.at(-1);
    if (!last || last.seq <= from) return;
    from = last.seq;
  }
}

function rowArgument(text: string): number {
  const row = Number(text);
  if (/^\d{1,15}$/.test(text)) return row;
  throw new InvalidArgumentError('Write the number of a row, such as 1200.');
}
