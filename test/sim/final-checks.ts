import type { State } from '../../shared/messages.ts';
import type { JournalRow } from '../../cloud/engine/store.ts';
import { FIRST_HASH, journalHash } from '../../cloud/store/journal.ts';
import type { SwitchState } from '../../cloud/jobs/state.ts';
import { must } from './must.ts';
import type { Ledger } from './ledger.ts';
import type { People } from './people.ts';
import type { PlayedButton } from './button.ts';
import type { Scenario } from './scenario.ts';
import { unlike } from './told-checks.ts';
import { positionOf, type PlayedZone } from './zone.ts';

export interface Outcome {
  readonly scenario: Scenario;
  readonly ledger: Ledger;
  readonly zones: ReadonlyMap<string, PlayedZone>;
  readonly people: People;
  readonly buttons: readonly PlayedButton[];
  readonly undelivered: number;
  /** The pages that call somebody. */
  readonly called: ReadonlySet<string>;
  /** Presses of which whoever pressed was never told what became of them. */
  readonly unanswered: readonly string[];
  /** Messages about jobs that were owed to somebody and never left. */
  readonly owed: readonly string[];
  readonly retained: (switchName: string) => State | undefined;
}

/** What has not come to rest yet, in words; empty when the world has settled. */
export function restless({
  scenario,
  ledger,
  zones,
  people,
  buttons,
  undelivered,
  retained,
}: Outcome): readonly string[] {
  const words: string[] = [];
  if (people.open() > 0) words.push(`${people.open()} requests are still being repeated`);
  if (undelivered > 0) words.push('messages wait to be delivered');
  for (const settings of scenario.switches) {
    const { name, zone } = settings;
    for (const { id, status } of ledger.unfinished(name)) words.push(`${id} is ${status}`);
    const state = ledger.states.get(name);
    // The broker may have lost it while no endpoint was there.
    if (!retained(name)) words.push(`${name} is not told`);
    if (!state) words.push(`${name} was never decided about`);
    else {
      const live = positionOf(zones.get(zone)?.live() ?? [], settings) ?? 'drifted';
      if (state.position !== live) words.push(`${name} is at ${live} and believed at ${state.position}`);
      if (isWaitedFor(state, scenario)) words.push(`an open alert of ${name} moves nothing`);
    }
  }
  for (const button of buttons) {
    const { name } = button.lamp();
    if (['sent', 'accepted', 'moving', 'offline', 'armed', 'off'].includes(name))
      words.push(`the lamp of ${button.device} says ${name}`);
  }
  return words;
}

/**
 * Automation is free, an alert is open that nobody has acknowledged, and the switch is still at primary. Records that
 * somebody else has made drift while it was open are left to humans.
 */
function isWaitedFor({ position, hold, tripped, alerts }: SwitchState, { automation }: Scenario): boolean {
  if (automation.mode !== 'on' || hold.asked || hold.taken || tripped) return false;
  return position === 'primary' && alerts.some(({ open, acknowledged }) => open && !acknowledged);
}

/** What must hold when everything has come to rest. Throws with what does not. */
export function checkOutcome(outcome: Outcome): void {
  const { scenario, ledger, zones, people, buttons } = outcome;
  for (const settings of scenario.switches) {
    const { name, zone } = settings;
    const state = ledger.states.get(name);
    const last = ledger.history.get(name)?.at(-1);
    const job = last?.by ? ledger.jobs.get(last.by) : undefined;
    const live = positionOf(zones.get(zone)?.live() ?? [], settings);
    if (job && job.data.to !== 'before') {
      must(job.data.to === live, () => `${job.id} was the last to move ${name}, to ${job.data.to}; it is at ${live}`);
    }
    const told = outcome.retained(name);
    if (!state || !told) must(false, () => `${name} is not told at all`);
    else {
      const wrong = unlike(told, state, undefined, scenario.automation.mode);
      must(wrong.length === 0, () => `${name} is told wrongly at the end: ${wrong.join(', ')}`);
      must(told.position === state.position && told.job === null, () => `${name} is told to be moving still`);
    }
  }
  must(outcome.owed.length === 0, () => `never told: ${outcome.owed.join(', ')}`);
  for (const { key, switch: name, open, cycle } of people.monitors()) {
    if (cycle === 0 || people.cleared().has(key)) continue;
    const mark = ledger.states.get(name)?.alerts.find((alert) => alert.key === key);
    must((mark?.open ?? false) === open, () => `${key} is ${open ? 'open' : 'closed'}, and believed otherwise`);
  }
  checkCalled(outcome);
  must(outcome.unanswered.length === 0, () => `nobody was told of ${outcome.unanswered.join(', ')}`);
  for (const button of buttons) checkLamp(button, ledger);
}

/** The journal is one chain from its first row on. */
export function checkChain(rows: readonly JournalRow[]): void {
  rows.forEach((row, at) => {
    const hash = journalHash(rows[at - 1]?.hash ?? FIRST_HASH, row);
    must(row.hash === hash, () => `the journal is broken at row ${row.seq}`);
  });
}

/**
 * Somebody is called for what is wrong and for nothing else. The page of a trip everywhere is one for all switches, and
 * ends with whichever of them is released first.
 */
function checkCalled({ scenario, ledger, called }: Outcome): void {
  const wanted = scenario.switches.flatMap(
    ({ name }) => ledger.states.get(name)?.told?.pages.map(({ key }) => key) ?? [],
  );
  for (const key of called) must(wanted.includes(key), () => `the pager still calls for ${key}, which is over`);
  for (const key of wanted) {
    must(called.has(key) || key.startsWith('everywhere:'), () => `nobody is called for ${key}`);
  }
}

/** The lamp says where the switch is, unless it has news of a press to tell. */
function checkLamp(button: PlayedButton, { states }: Ledger): void {
  const { device, switch: name } = button;
  const state = states.get(name);
  const shown = button.lamp();
  const at = state?.position === 'primary' ? 'primary' : 'elsewhere';
  if (shown.name === 'primary')
    must(at === 'primary', () => `the lamp of ${device} says primary at ${state?.position}`);
  if (shown.name === 'maintenance') must(at === 'elsewhere', () => `the lamp of ${device} says maintenance at primary`);
  if (shown.name === 'held')
    must(shown.at === at, () => `the lamp of ${device} says held ${shown.at} at ${state?.position}`);
}
