import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { BIN } from './run.ts';

export interface Served extends AsyncDisposable {
  /** `http://127.0.0.1:40123`. */
  readonly address: string;
}

/** `dashover serve` as a process of its own; resolves when it says where it listens. */
export async function serve(config: string): Promise<Served> {
  const child = spawn(BIN, ['serve', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  const gone = once(child, 'close');
  let said = '';
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const hear = (text: string): void => {
    said += text;
    const address = /"address":"(http:[^"]+)"/.exec(said)?.[1];
    if (address !== undefined) resolve(address);
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  child.once('close', () => reject(new Error(`The endpoint ended: ${said}`)));
  return {
    address: await promise,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await gone;
    },
  };
}
