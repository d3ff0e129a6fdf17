import { FAULTS } from '../../shared/faults.ts';
import type { State } from '../../shared/messages.ts';
import { durationInWords } from '../../shared/duration.ts';
import type { ControllerState } from './controller-state.ts';
import type { Lamp } from './lamp-signal.ts';
import type { Notice, Press } from './press.ts';

/** The one lamp of a controller's state. The finger first, then the newest press, then its news, then how things are. */
export function lampOf(state: ControllerState): Lamp {
  if (state.finger !== 'off') {
    const ripe = state.finger === 'ripe';
    return { name: 'holding', ripe, text: ripe ? 'Let go now to act.' : 'Keep holding; letting go early cancels.' };
  }
  const ofPress = pressLamp(state.press, state.link.up);
  if (ofPress) return ofPress;
  const { notice } = state;
  // What was confirmed is how things are, though without a connection: it is no news of a press.
  if (notice && notice.kind !== 'confirmed') return noticeLamp(notice);
  const fault = faultOf(state);
  if (fault !== null) return { name: 'fault', text: fault };
  if (notice) return notice.lamp;
  if (!state.link.up) return { name: 'offline', text: state.link.text };
  if (!state.shown?.fresh) {
    return { name: 'armed', text: 'Connected. The endpoint has not told the state of the switch yet.' };
  }
  return stateLamp(state.shown.state, state.settings.device);
}

/** What is wrong with this button itself, in sentences; null when nothing is. */
export function faultOf({ faults }: ControllerState): string | null {
  return faults.length === 0 ? null : faults.map(({ text }) => text).join(' ');
}

function pressLamp(press: Press, up: boolean): Lamp | undefined {
  const cut = up ? '' : ' The connection is lost; this is the last that was heard.';
  const how = 'road' in press && press.road === 'https' ? ' Told over HTTPS.' : cut;
  switch (press.kind) {
    case 'none':
      return undefined;
    case 'unanswered':
      return { name: 'sent', text: unansweredText(press, up) };
    case 'followed': {
      const { job, intent } = press;
      const text = `${job.text}${how}`;
      if (intent.command === 'drill') return { name: 'drill', text };
      return { name: job.status === 'running' ? 'moving' : 'accepted', text };
    }
    case 'settling':
      return { name: 'moving', text: `${press.job.text}${how}` };
  }
}

function unansweredText({ intent, sends, https }: Press & { kind: 'unanswered' }, up: boolean): string {
  const limit = durationInWords(intent.deadlineAtMs - intent.pressedAtMs);
  const until = `It is dropped ${limit} after the press.`;
  if (https.sends > 0) {
    return `The ${intent.command} has been sent over HTTPS as well, and the endpoint has not answered. ${until}`;
  }
  if (!up) return `The ${intent.command} waits for the connection. ${until}`;
  return sends === 0
    ? `The ${intent.command} is about to be sent. ${until}`
    : `The ${intent.command} has been sent, and the endpoint has not answered. ${until}`;
}

function noticeLamp(notice: Exclude<Notice, { kind: 'confirmed' }>): Lamp {
  switch (notice.kind) {
    case 'refused':
      return { name: 'refused', code: notice.code, flashes: refusalFlashes(notice.code), text: notice.text };
    case 'drilled':
      return { name: 'drill', text: notice.text };
    case 'lost':
      return { name: 'not-delivered', text: notice.text };
    case 'not-delivered': {
      const { intent, sends } = notice;
      const limit = durationInWords(intent.deadlineAtMs - intent.pressedAtMs);
      const how =
        sends === 0
          ? `it ${intent.recovered ? 'may have left before the program restarted' : 'never left'}, and will not be sent any more`
          : `sent ${sends === 1 ? 'once' : `${sends} times`}, never accepted, and not sent any more`;
      return { name: 'not-delivered', text: `The ${intent.command} was not heard within ${limit}: ${how}.` };
    }
  }
}

/** How a state of the switch shows at this device. */
export function stateLamp(state: State, device: string): Lamp {
  const { position, text } = state;
  if (position === 'moving') return { name: 'moving', text };
  if (position === 'drifted' || position === 'unknown') return { name: 'unclear', text };
  const at = position === 'primary' ? 'primary' : 'elsewhere';
  if (state.hold && state.hold.by !== device) return { name: 'held', at, text };
  return { name: at === 'primary' ? 'primary' : 'maintenance', text };
}

/** A refusal as a number of plain flashes: what to do next, not what went wrong in detail. */
const FLASHES: Readonly<Record<string, number>> = {
  stale: 2,
  expired: 3,
  superseded: 4,
  cancelled: 4,
  'not-allowed': 5,
  'not-authenticated': 5,
  'unknown-device': 5,
  'unknown-switch': 5,
  'unknown-position': 5,
  'unknown-outcome': 6,
};

/** 1: refused or failed, look at the endpoint; the others as in device/README.md. */
function refusalFlashes(code: string): number {
  return FLASHES[code] ?? 1;
}

/** Whether the endpoint says that the very same command may succeed a moment later. */
export function mayBeRepeated(code: string): boolean {
  return Object.hasOwn(FAULTS, code) && FAULTS[code as keyof typeof FAULTS].retry === 'backoff';
}
