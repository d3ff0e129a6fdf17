import type { Command } from 'commander';
import { example, jsonOption } from './options.ts';
import { sayJson } from './terminal.ts';

export function registerSchema(program: Command): void {
  const command = program
    .command('schema')
    .summary('the JSON Schema of dashover.yaml')
    .description('Prints the JSON Schema of dashover.yaml, with which editors check and complete it.')
    .addOption(jsonOption())
    .action(async () => {
      const { jsonSchema } = await import('../config/json-schema.ts');
      sayJson(jsonSchema());
    });
  example(
    command,
    'dashover schema > dashover.schema.json\n# then, as the first line of dashover.yaml:\n# yaml-language-server: $schema=./dashover.schema.json',
  );
}
