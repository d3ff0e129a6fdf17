import { z } from 'zod';
import { File } from './schema.ts';

/** The JSON Schema (draft 7, which YAML language servers read) of dashover.yaml, for editors. */
export function jsonSchema(): object {
  const schema = z.toJSONSchema(File, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      // A text with a pattern or a choice may also come from the environment, whole or in part.
      const { type, pattern, enum: choice, ...rest } = jsonSchema;
      if (type !== 'string' || (pattern === undefined && choice === undefined)) return;
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      const literal = {
        type,
        ...(pattern === undefined ? {} : { pattern }),
        ...(choice === undefined ? {} : { enum: choice }),
      };
      Object.assign(jsonSchema, rest, {
        anyOf: [literal, { type, pattern: String.raw`\$\{[A-Za-z_][A-Za-z0-9_]*\}` }],
      });
    },
  });
  return { ...schema, title: 'dashover.yaml', description: 'The configuration of the dashover endpoint.' };
}
