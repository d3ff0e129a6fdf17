import { makeProgram } from './cli/program.ts';
import { tell } from './cli/tell.ts';

// A reader that has seen enough (`dashover jobs | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await makeProgram().parseAsync();
} catch (error) {
  process.exitCode = tell(error, process.argv.includes('--json'));
}
