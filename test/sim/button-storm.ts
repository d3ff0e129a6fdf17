import type { PlayedButton } from './button.ts';
import type { Chance } from './chance.ts';
import type { Scenario } from './scenario.ts';
import type { PlayedTime } from './time.ts';

export interface ButtonStormWorld {
  readonly scenario: Scenario;
  readonly time: PlayedTime;
  readonly chance: Chance;
  readonly buttons: readonly PlayedButton[];
}

type NowAndThen = (everyMs: number, act: () => void) => void;

/** What goes wrong with the machines of the buttons. */
export function brewButtons(
  { scenario, time, chance, buttons }: ButtonStormWorld,
  nowAndThen: NowAndThen,
  untilMs: number,
): void {
  const { faults } = scenario;
  const soon = (ms: number, act: () => void): void => void time.at(Math.min(untilMs, time.nowMs() + ms), act);

  function stumble(): void {
    const button = chance.pick(buttons);
    const goneMs = chance.pick([50, 1_000, 4_000, 12_000, 30_000]);
    const how = chance.pick(['crash', 'crash', 'crash', 'stop', 'power'] as const);
    // Often just after somebody has pressed: that is where it hurts.
    if (chance.happens(0.6)) button.press(chance.pick(['hold', 'click-hold']));
    time.after(chance.pick([0, 1, 5, 30, 300, 1_500]), () => {
      if (time.nowMs() >= untilMs) return;
      if (how === 'crash') button.crash();
      if (how === 'power') button.cutPower();
      if (how === 'stop') void button.stop().then(() => soon(goneMs, button.start));
      else soon(goneMs, button.start);
    });
  }

  function sleep(): void {
    const button = chance.pick(buttons);
    if (chance.happens(0.6)) button.press(chance.pick(['hold', 'click-hold']));
    button.sleep();
    soon(chance.pick([400, 2_000, 8_000, 30_000]), button.wake);
  }

  function jump(): void {
    const button = chance.pick(buttons);
    button.setClock(chance.pick([-3_600_000, -20_000, 20_000, 86_400_000]));
    soon(chance.pick([1_000, 10_000]), () => button.setClock(0));
  }

  if (faults.buttonCrashes) nowAndThen(8_000, stumble);
  if (faults.buttonSleeps) nowAndThen(12_000, sleep);
  if (faults.buttonClocks) nowAndThen(6_000, jump);
}

/** Each is awake, runs, and knows the time. */
export function healButtons(buttons: readonly PlayedButton[]): void {
  for (const button of buttons) {
    button.wake();
    button.setClock(0);
    button.start();
  }
}
