import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { GuestKernel } from './kernel.ts';

/** How long a line is held at a level of the simulated pull. */
export interface Level {
  readonly level: 'pull-up' | 'pull-down';
  readonly ms: number;
}

/** What the guest is asked to do. */
export type Ask =
  | { readonly do: 'write'; readonly path: string; readonly text: string }
  | { readonly do: 'read'; readonly path: string }
  | { readonly do: 'shell'; readonly script: string }
  | { readonly do: 'start'; readonly words: readonly string[]; readonly user?: number }
  | { readonly do: 'kill'; readonly child: number; readonly signal: NodeJS.Signals }
  | { readonly do: 'strip'; readonly path: string; readonly levels: readonly Level[] }
  | { readonly do: 'sample'; readonly paths: readonly string[] };

/** What the guest tells. */
export type Told =
  | { readonly told: 'done'; readonly id: number; readonly value: unknown }
  | { readonly told: 'failed'; readonly id: number; readonly why: string }
  | { readonly told: 'line'; readonly child: number; readonly text: string }
  | {
      readonly told: 'ended';
      readonly child: number;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    }
  | { readonly told: 'levels'; readonly atMs: number; readonly levels: string };

export interface Machine extends AsyncDisposable {
  ask(ask: Ask): Promise<unknown>;
  /** Everything the guest tells by itself. */
  readonly told: EventEmitter<{ told: [Told] }>;
}

const GUEST = fileURLToPath(new URL('guest.ts', import.meta.url));
/** The guest sees the host's files, and so its Node. */
const NODE = process.execPath;
const QEMU = 'qemu-system-x86_64';
const BOOT_MS_MAX = 180_000;

/** Boots the emulated machine, on this tree's files and the Node that runs this, and waits until it can be asked. */
export async function bootMachine({ image, initrd }: GuestKernel): Promise<Machine> {
  await using parts = new AsyncDisposableStack();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  parts.defer(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const qemu = startQemu(image, initrd, port);
  let said = '';
  for (const stream of [qemu.stdout, qemu.stderr]) {
    stream?.on('data', (data: Buffer) => (said = `${said}${data.toString()}`.slice(-4_000)));
  }
  const ended = once(qemu, 'close').then(() => undefined);
  parts.defer(async () => {
    qemu.kill('SIGKILL');
    await ended;
  });
  const arrived = once(server, 'connection', { signal: AbortSignal.timeout(BOOT_MS_MAX) }) as Promise<[Socket]>;
  const first = await Promise.race([arrived, ended]).catch(() => undefined);
  if (!first) throw new Error(`The emulated machine did not come up. It said:\n${said}`);
  const [socket] = first;
  parts.defer(() => void socket.destroy());
  const machine = talk(socket, () => said);
  const running = parts.move();
  return { ...machine, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/**
 * One processor, in one thread. With a thread for each of several, QEMU loses writes into code that another one runs, which
 * then goes on with the old code for good. V8 patches jumps of WebAssembly while it runs, Node's own reader of TypeScript
 * is made of it, and where the old jump leads there is nothing any more: SIGSEGV. Nehalem is the least that Node takes; the
 * vector instructions of newer ones cost the emulator a tenth more.
 */
function startQemu(image: string, initrd: string, port: number): ChildProcess {
  const append = `console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off tsc=reliable no_timer_check -- ${NODE} ${GUEST} ${port}`;
  const words = [
    '-accel tcg,thread=single -cpu Nehalem -M q35 -m 1024 -smp 1 -nodefaults -display none -serial stdio -no-reboot',
    '-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap',
    '-device virtio-9p-pci,fsdev=host,mount_tag=host',
    '-netdev user,id=net -device virtio-net-pci,netdev=net,romfile=',
  ].flatMap((line) => line.split(' '));
  words.push('-kernel', image, '-initrd', initrd, '-append', append);
  return spawn(QEMU, words, { stdio: ['ignore', 'pipe', 'pipe'] });
}

function talk(socket: Socket, said: () => string): Pick<Machine, 'ask' | 'told'> {
  const told = new EventEmitter<{ told: [Told] }>();
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let asked = 0;
  createInterface({ input: socket }).on('line', (line) => {
    const one = JSON.parse(line) as Told;
    if (one.told === 'done') open.get(one.id)?.resolve(one.value);
    else if (one.told === 'failed') open.get(one.id)?.reject(new Error(one.why));
    else told.emit('told', one);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    for (const one of open.values()) one.reject(new Error(`The emulated machine has ended. It said:\n${said()}`));
  });
  return {
    told,
    ask(ask) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      asked += 1;
      open.set(asked, { resolve, reject });
      socket.write(`${JSON.stringify({ id: asked, ...ask })}\n`);
      return promise;
    },
  };
}
