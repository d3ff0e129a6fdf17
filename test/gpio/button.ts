import { fileURLToPath } from 'node:url';
import type { Machine, Told } from './machine.ts';

const PROGRAM = fileURLToPath(new URL('../../device/bin/dashover-button', import.meta.url));

/** `dashover-button` of this tree, running in the emulated machine. */
export interface GuestButton {
  /** What it has said. */
  text(): string;
  kill(signal: NodeJS.Signals): Promise<unknown>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

export async function startInGuest(machine: Machine, words: readonly string[], user?: number): Promise<GuestButton> {
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
  machine.told.on('told', take);
  const ask = { do: 'start', words: [PROGRAM, ...words], ...(user !== undefined && { user }) } as const;
  child = Number(await machine.ask(ask));
  for (const told of early) take(told);
  const id = child;
  return { text: () => text, kill: (signal) => machine.ask({ do: 'kill', child: id, signal }), ended };
}

/** Runs a command of the button to its end. */
export async function runInGuest(
  machine: Machine,
  words: readonly string[],
  user?: number,
): Promise<{ readonly code: number | string | null; readonly text: string }> {
  const button = await startInGuest(machine, words, user);
  const code = await button.ended;
  return { code, text: button.text() };
}
