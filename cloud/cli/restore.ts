import type { Command } from 'commander';
import { registerMove } from './move.ts';
import { example } from './options.ts';

export function registerRestore(program: Command): void {
  example(
    registerMove(program, 'restore', 'move a switch back to primary'),
    'dashover restore www\ndashover restore www --to before   # to the records as the failover found them',
  );
}
