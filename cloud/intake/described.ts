import { z } from 'zod';
import { type FaultCode, FAULTS } from '../../shared/faults.ts';
import { ErrorAnswer } from './answers.ts';

/** The routes in groups, in the order in which a reader meets them. */
export const TAGS = {
  switches: 'States, and everything that can be asked of a switch.',
  jobs: 'What was asked, and how it went.',
  triggers: 'One URL, one job.',
  datadog: 'Webhooks of Datadog.',
  devices: 'Buttons: their second road, and who is there.',
  journal: 'Everything that was decided, refusals included.',
  endpoint: 'The endpoint itself.',
} as const;

interface Words {
  readonly id: string;
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description?: string;
  /** What the answers that are no error look like, by status; `text/…` for what is no JSON. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Besides those that every route may answer with. */
  readonly errors?: readonly FaultCode[];
  /** Answers without a token. */
  readonly open?: true;
  /** A body that the route reads by itself. */
  readonly sends?: z.ZodType;
}

interface Answer {
  readonly text: string;
  readonly schema: z.ZodType;
  /** Another shape that the same status may have. */
  readonly or?: z.ZodType;
  readonly type?: string;
}

const ANY: readonly FaultCode[] = ['bad-request', 'bad-method', 'too-slow', 'internal-error', 'stopping'];
const WITH_TOKEN: readonly FaultCode[] = ['not-authenticated', 'not-allowed', 'slow-down', 'store-unavailable'];
const WITH_BODY: readonly FaultCode[] = ['malformed', 'too-large', 'bad-media-type'];

/** What `sends` and `or` are to the description; fastify itself does not know them. */
export interface DescribedSchema {
  readonly summary?: string;
  readonly body?: unknown;
  readonly sends?: z.ZodType;
  readonly response?: Readonly<Record<string, { readonly description: string; readonly content: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: z.ZodType }>>;

/**
 * The part of a route's schema that describes it and checks nothing: the description of the API is made of it, answers are
 * sent as they are.
 */
export function described(words: Words): object {
  const { id, tag, summary, description, answers, errors = [], open, sends } = words;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...(sends && { sends }),
    security: open ? [] : [{ Bearer: [] }, { CAAuth: [] }],
    response: { ...errorAnswers(answers, [...ANY, ...(open ? [] : WITH_TOKEN), ...errors]), ...ownAnswers(words) },
  };
}

/** For a route that reads a body of JSON. */
export function describedWithBody(words: Words): object {
  return described({ ...words, errors: [...WITH_BODY, ...(words.errors ?? [])] });
}

function ownAnswers({ answers, errors = [] }: Words): DescribedSchema['response'] {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { text, schema, or, type = 'application/json' }]) => {
      const codes = errors.filter((code) => String(FAULTS[code].http) === status);
      const description = codes.length === 0 ? text : `${text} Or an error: ${codes.join(', ')}.`;
      const shapes = [schema, ...(or ? [or] : []), ...(codes.length > 0 ? [ErrorAnswer] : [])];
      return [status, { description, content: { [type]: { schema: oneOf(shapes) } } }];
    }),
  );
}

function errorAnswers(answers: Words['answers'], codes: readonly FaultCode[]): DescribedSchema['response'] {
  const byStatus = Map.groupBy(new Set(codes), (code) => FAULTS[code].http);
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !(status in answers))
      .map(([status, these]) => {
        const description = these.map((code) => `\`${code}\`: ${FAULTS[code].hint}`).join('\n\n');
        return [status, { description, content: { 'application/json': { schema: ErrorAnswer } } }];
      }),
  );
}

function oneOf(shapes: readonly z.ZodType[]): z.ZodType {
  const [first] = shapes;
  return first && shapes.length === 1 ? first : z.union(shapes);
}
