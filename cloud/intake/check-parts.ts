import type { FastifyRequest, FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { Fault } from '../../shared/faults.ts';
import { describeIssues } from '../../shared/misfit.ts';

/** Checks body, query and path of a request against the zod schemas of its route; a misfit is a Fault `malformed`. */
export const checkParts: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const part = PARTS[httpPart ?? ''] ?? 'request';
  return (value: unknown) => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return { value: parsed.data };
    const sentence = `The ${part} is not well formed: ${describeIssues(parsed.error, value)}.`;
    return { error: new Fault('malformed', sentence, { hint: 'The README describes the fields of each route.' }) };
  };
};

/**
 * Throws `malformed` for a query on a route that has none: whoever writes `?to=dr` there believes that the switch goes
 * there, and would never hear that nobody has read it.
 */
export function refuseQuery(request: FastifyRequest): void {
  if (request.routeOptions.schema?.querystring !== undefined) return;
  const parsed = NO_QUERY.safeParse(request.query);
  if (parsed.success) return;
  throw new Fault('malformed', `The query is not well formed: ${describeIssues(parsed.error, request.query)}.`, {
    hint: 'This route takes no query. What a command needs goes into its body, as JSON.',
  });
}

const NO_QUERY = z.strictObject({});

const PARTS: Readonly<Record<string, string>> = { querystring: 'query', body: 'body', params: 'path' };
