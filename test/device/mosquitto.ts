import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const PROGRAM = ['mosquitto', '/usr/sbin/mosquitto'].find((name) => spawnSync(name, ['-h']).error === undefined);
// Found on the path, as Mosquitto is.
const OPENSSL = 'openssl';
/** Not on every machine; where it is, the same promises are kept over MQTT 5 and TLS. */
export const hasMosquitto = PROGRAM !== undefined && spawnSync(OPENSSL, ['version']).error === undefined;
/** Whether tests with it are skipped: `apt install mosquitto openssl`. With DASHOVER_REQUIRE_SERVICES they fail instead. */
export const brokerMissing = !hasMosquitto && process.env['DASHOVER_REQUIRE_SERVICES'] === undefined;

export interface Mosquitto extends AsyncDisposable {
  readonly port: number;
  /** With client certificates. */
  readonly securePort: number;
  readonly websocketPort: number;
  /** With client certificates. */
  readonly secureWebsocketPort: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** What it has said of its clients. */
  log(): string;
  /** Ends it, and every connection with it; what it had retained is forgotten. */
  stop(): Promise<void>;
  /** At the same ports again. */
  start(): Promise<void>;
  /** It keeps its connections and does nothing, until it thaws. */
  freeze(): void;
  thaw(): void;
}

export async function openMosquitto(): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'button-mosquitto-'));
  const [port, securePort, websocketPort, secureWebsocketPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const key = join(folder, 'key.pem');
  const cert = join(folder, 'cert.pem');
  // One certificate that signs itself is authority, broker and client in one: it lives for this test only.
  execFileSync(
    OPENSSL,
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      key,
      '-out',
      cert,
    ],
    { stdio: 'ignore' },
  );
  const secure = `cafile ${cert}\ncertfile ${cert}\nkeyfile ${key}\nrequire_certificate true`;
  writeFileSync(
    join(folder, 'mosquitto.conf'),
    `user ${userInfo().username}
allow_anonymous true
listener ${port} 127.0.0.1
listener ${websocketPort} 127.0.0.1
protocol websockets
listener ${securePort} 127.0.0.1
${secure}
listener ${secureWebsocketPort} 127.0.0.1
protocol websockets
${secure}
acl_file ${join(folder, 'acl')}
`,
  );
  // Whoever calls himself mute may listen and not speak, and the deaf the other way round.
  writeFileSync(
    join(folder, 'acl'),
    'topic readwrite #\nuser mute\ntopic read #\nuser deaf\ntopic write #\nuser loud\ntopic readwrite #\n',
  );
  let child: ChildProcess | undefined;
  let log = '';

  async function start(): Promise<void> {
    const started = spawn(PROGRAM ?? '', ['-v', '-c', join(folder, 'mosquitto.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    started.stderr.on('data', (data: Buffer) => (log += data.toString()));
    child = started;
    while (!(await answers(port))) {
      if (started.exitCode !== null) {
        throw new Error(`Mosquitto ended with code ${started.exitCode} instead of listening.`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function stop(): Promise<void> {
    const ending = child;
    child = undefined;
    if (!ending) return;
    const ended = once(ending, 'close');
    ending.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    port,
    securePort,
    websocketPort,
    secureWebsocketPort,
    ca: cert,
    cert,
    key,
    log: () => log,
    start,
    stop,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
