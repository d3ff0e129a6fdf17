import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { shell } from './chip.ts';
import type { Machine, Told } from './machine.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = `${ROOT}device/bin/dashover-button`;
const UNIT = `${ROOT}device/install/dashover-button.service`;

/** `dashover-button` of this tree, running in the emulated machine. */
export interface GuestButton {
  /** What it has said. */
  text(): string;
  kill(signal: NodeJS.Signals): Promise<unknown>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

export function startInGuest(machine: Machine, words: readonly string[], user?: number): Promise<GuestButton> {
  return start(machine, [PROGRAM, ...words], user);
}

async function start(machine: Machine, words: readonly string[], user?: number): Promise<GuestButton> {
  const { promise: ended, resolve } = Promise.withResolvers<number | string | null>();
  const early: Told[] = [];
  let text = '';
  let child: number | undefined;
  const take = (told: Told): void => {
    // It may speak before its number is known.
    if (child === undefined) early.push(told);
    else if (told.told === 'line' && told.child === child) text += `${told.text}\n`;
    else if (told.told === 'ended' && told.child === child) {
      machine.told.off('told', take);
      resolve(told.code ?? told.signal);
    }
  };
  if (user !== undefined) await openWay(machine);
  machine.told.on('told', take);
  const ask = { do: 'start', words, ...(user !== undefined && { user }) } as const;
  child = Number(await machine.ask(ask));
  for (const told of early) take(told);
  const id = child;
  return { text: () => text, kill: (signal) => machine.ask({ do: 'kill', child: id, signal }), ended };
}

/**
 * Lets every user of the emulated machine reach this tree, though its owner keeps the folders above it to themselves. What
 * is changed there stays in its memory.
 */
async function openWay(machine: Machine): Promise<void> {
  const names = ROOT.split('/').filter((name) => name !== '');
  const folders = names.map((_, at) => `'/${names.slice(0, at + 1).join('/')}'`);
  await shell(machine, `chmod o+x ${folders.join(' ')}`);
}

interface Ended {
  readonly code: number | string | null;
  readonly text: string;
}

/** Runs a command of the button to its end. */
export async function runInGuest(machine: Machine, words: readonly string[], user?: number): Promise<Ended> {
  return ended(await startInGuest(machine, words, user));
}

/** Runs what the unit runs after every end of the button, word for word, with this tree and file where it looks for them. */
export async function runStopLine(machine: Machine, config: string): Promise<Ended> {
  const [, line = ''] = /^ExecStopPost=-(.+)$/m.exec(readFileSync(UNIT, 'utf8')) ?? [];
  await shell(
    machine,
    `mkdir -p /opt/dashover-button /etc/dashover-button
     ln -sfn ${ROOT} /opt/dashover-button/current
     ln -sfn ${config} /etc/dashover-button/button.yaml`,
  );
  return ended(await start(machine, line.split(' ')));
}

async function ended(button: GuestButton): Promise<Ended> {
  const code = await button.ended;
  return { code, text: button.text() };
}
