import type { Command } from 'commander';
import { registerMove } from './move.ts';
import { example } from './options.ts';

export function registerFailover(program: Command): void {
  example(
    registerMove(program, 'failover', 'move a switch to its failover position'),
    'DASHOVER_TOKEN=… dashover failover www --reason "the origin is on fire"',
  );
}
