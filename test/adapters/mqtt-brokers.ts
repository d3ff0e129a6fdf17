import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes } from 'aedes';

export interface TestBroker extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/** The embedded broker (MQTT 3.1.1 only), with its hooks within reach. */
export async function startAedes(port = 0): Promise<TestBroker & { readonly aedes: Aedes }> {
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    aedes.handle(socket);
  });
  const listening = await listen(server, port);
  return {
    aedes,
    port: listening,
    url: `mqtt://127.0.0.1:${listening}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function listen(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const hasMosquitto = ['mosquitto', '/usr/sbin/mosquitto'].find((path) => spawnSync(path, ['-h']).error === undefined);

/** Where Mosquitto must be, its absence fails instead of skipping. */
export const mosquittoMissing = hasMosquitto === undefined && process.env['DASHOVER_REQUIRE_SERVICES'] === undefined;

/** The broker that people run: MQTT 5, in a process of its own. `settings` are lines of mosquitto.conf. */
export async function startMosquitto(
  settings: readonly string[] = [],
): Promise<TestBroker & { readonly folder: string }> {
  if (hasMosquitto === undefined) throw new Error('mosquitto is not installed: apt-get install mosquitto');
  const probe = createServer();
  const port = await listen(probe);
  await new Promise((resolve) => probe.close(resolve));
  const folder = mkdtempSync(join(tmpdir(), 'dashover-mosquitto-'));
  const file = join(folder, 'mosquitto.conf');
  const open = settings.some((line) => line.startsWith('acl_file')) ? settings : ['allow_anonymous true', ...settings];
  // Started by root it would become another user, who may not read our temporary files.
  const user = process.getuid?.() === 0 ? ['user root'] : [];
  writeFileSync(
    file,
    [
      ...user,
      `listener ${port} 127.0.0.1`,
      'set_tcp_nodelay true',
      'persistence false',
      'log_type all',
      ...open,
      '',
    ].join('\n'),
  );
  const child = spawn(hasMosquitto, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  await running(child);
  return {
    port,
    folder,
    url: `mqtt://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

async function running(child: ChildProcess): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (/ running\b/.test(said)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`mosquitto ended with ${code}: ${said}`)));
  });
}
