import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Authority, opensslMissing } from '../security/certificates.ts';
import { job, SUCCEEDED } from './endpoint.ts';
import { dashover } from './run.ts';

/** An endpoint that shows this certificate, and how many requests it has heard. */
async function secureEndpoint(folder: string, name: string): Promise<{ url: string; heard: () => number }> {
  let heard = 0;
  const [cert, key] = [`${name}.pem`, `${name}.key`].map((file) => readFileSync(join(folder, file)));
  const server = createServer({ cert, key }, (request, response) => {
    heard += 1;
    request.resume();
    response.writeHead(202).end(JSON.stringify(job(SUCCEEDED)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, heard: () => heard };
}

test.skipIf(opensslMissing)(
  'a command goes to nobody whose certificate is not believed; that is said, and what makes it believed',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dashover-cli-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    new Authority(folder, 'ca').sign('endpoint');
    const faults = [
      ['ca', 'its certificate is self-signed'],
      ['endpoint', 'its certificate is signed by an authority that is not trusted'],
    ] as const;
    for (const [name, words] of faults) {
      const { url, heard } = await secureEndpoint(folder, name);
      const run = (more: object = {}) =>
        dashover(['failover', 'www', '--no-wait'], { env: { DASHOVER_URL: url, ...more } });
      const ran = await run();
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain(`The endpoint at ${url} does not answer: ${words}.\n`);
      expect(ran.stderr).toContain('NODE_EXTRA_CA_CERTS');
      expect(heard()).toBe(0);
      if (name === 'endpoint') {
        expect(await run({ NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') })).toMatchObject({ code: 0, stderr: '' });
        expect(heard()).toBe(1);
      }
    }
  },
);
