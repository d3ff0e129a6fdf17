import { CliFailure } from '../failure.ts';

export interface Statement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A policy as AWS reads it. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/**
 * The statements in as few documents as they fit, in their order. AWS counts the characters without white space, and
 * what several policies allow adds up. Throws a CliFailure when one statement alone is larger than `charsMax`.
 */
export function pack(statements: readonly Statement[], charsMax: number, what: string): readonly PolicyDocument[] {
  const documents: PolicyDocument[] = [];
  for (const statement of statements) {
    const last = documents.at(-1);
    const longer = document([...(last?.Statement ?? []), statement]);
    if (last && size(longer) <= charsMax) documents[documents.length - 1] = longer;
    else documents.push(document([statement]));
    if (size(document([statement])) > charsMax) throw tooLarge(statement, charsMax, what);
  }
  return documents;
}

/** In characters, as AWS counts them: none of our strings has white space in it. */
export function size(policy: PolicyDocument): number {
  return JSON.stringify(policy).length;
}

/** The partition that an AWS region is in: their ARNs begin differently. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

function document(statements: readonly Statement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}

function tooLarge({ Action }: Statement, charsMax: number, what: string): CliFailure {
  return new CliFailure(
    'too-large-for-aws',
    `What ${what} must be allowed (${Action.join(', ')}) does not fit into a policy of ${charsMax} characters.`,
    'Spread the names over several switches, or write shorter names.',
  );
}
