import type { Notice } from '../../../shared/notice.ts';
import type { JournalEntry } from '../../engine/lane.ts';
import { contestInForce, type SwitchState } from '../state.ts';
import { place } from '../text.ts';
import { makeNotice, type Telling } from './make-notice.ts';
import { wayBack } from './of-job.ts';

/** What a line of the journal means to people, where it is not the end of a job. */
export function journalNotice(telling: Telling, before: SwitchState, entry: JournalEntry): Notice | undefined {
  const { state, settings } = telling.draft;
  const { name } = settings;
  const { text } = entry;
  switch (entry.kind) {
    case 'adopted': {
      // Where it was found at the first look is no news when it is where it belongs.
      if (state.position === before.position || (before.position === 'unknown' && state.position === 'primary')) {
        return undefined;
      }
      if (before.doubt && state.by !== null) return doubtSettled(telling, text);
      const contest = contestInForce(state) !== undefined;
      const title = contest
        ? `Another controller seems to have moved ${name} to ${state.position}`
        : `${name} was found at ${state.position}, and dashover did not move it there`;
      const moved = { from: before.position, to: state.position, incident: before.incident?.id ?? null };
      const severity = contest ? contestSeverity(state) : 'warning';
      const next = contest ? stopIt(name) : state.position === 'primary' ? null : wayBack(telling.draft);
      return makeNotice(telling, { kind: 'moved-by-others', severity, title, text, next, ...moved });
    }
    case 'drift': {
      const contest = contestInForce(state) !== undefined;
      const title = `The records of ${name} equal no position any more`;
      const look = `Look who changed them (CloudTrail says), and put them back. A failover still works and remembers them as "before".`;
      const next = contest ? stopIt(name) : look;
      const severity = contest ? contestSeverity(state) : 'warning';
      const moved = { from: before.position, to: 'drifted' };
      return makeNotice(telling, { kind: 'drift', severity, title, text, next, ...moved });
    }
    case 'tripped': {
      // A stop everywhere is told by the switch whose turn it was; the others only hear of it.
      if (state.tripped?.scope === 'everywhere' && !telling.draft.tripped) return undefined;
      const title =
        state.tripped?.scope === 'everywhere'
          ? 'Automation has stopped itself on every switch'
          : `Automation has stopped itself on ${name}`;
      const next = `Look at what alerts and moves say, then give it back: "dashover release ${name}". A human may move it at any time; it is at ${place(state.position)}.`;
      return makeNotice(telling, { kind: 'tripped', severity: 'critical', title, text, next });
    }
    case 'alert-old': {
      const title = `An alert for ${name} came too late to act on`;
      const next = `See whether ${name} is well, and why the alert was late. "dashover failover ${name}" moves it by hand.`;
      return makeNotice(telling, { kind: 'late-alert', severity: 'warning', title, text, next });
    }
    case 'release':
      if (before.tripped === null || state.tripped !== null) return undefined;
      return makeNotice(telling, {
        kind: 'armed',
        severity: 'info',
        title: `Automation of ${name} is armed again`,
        text,
        next: null,
      });
    default:
      return undefined;
  }
}

/** The outcome of a move could not be learnt; now it is known that it was made. */
function doubtSettled(telling: Telling, text: string): Notice {
  const { state, settings } = telling.draft;
  const home = state.position === 'primary';
  const title = `It is known now that ${settings.name} is at ${state.position}`;
  const next = home ? null : wayBack(telling.draft);
  const kind = home ? 'restored' : 'failover-done';
  return makeNotice(telling, { kind, severity: home ? 'info' : 'warning', title, text, next, to: state.position });
}

/** Taken back to primary, the site is where nobody wants it; anything else can wait for the morning. */
function contestSeverity(state: SwitchState): 'critical' | 'warning' {
  return contestInForce(state)?.from === 'primary' ? 'warning' : 'critical';
}

function stopIt(name: string): string {
  return `Stop it (external-dns, Terraform, a script), then say again where ${name} shall be.`;
}
