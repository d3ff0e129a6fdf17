import type { Command } from 'commander';
import { registerMove } from './move.ts';
import { example } from './options.ts';

export function registerDrill(program: Command): void {
  example(registerMove(program, 'drill', 'walk the whole road of a failover and change nothing'), 'dashover drill www');
}
