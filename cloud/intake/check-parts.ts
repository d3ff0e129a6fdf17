import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
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

const PARTS: Readonly<Record<string, string>> = { querystring: 'query', body: 'body', params: 'path' };
