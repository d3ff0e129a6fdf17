import type { NotifierBody } from '../../../shared/notice.ts';
import type { Receiver } from '../../ports.ts';
import type { SwitchState } from '../state.ts';
import { pointless } from './pointless.ts';

/** Looks at the switch before each try, and lets nothing pass that has become pointless: the journal says why. */
export function onlyWhatCounts(receiver: Receiver, stateOf: (name: string) => Promise<SwitchState>): Receiver {
  return {
    ...receiver,
    async deliver(message, signal) {
      const body = message.body as NotifierBody;
      if (body.form === 'notice' && body.notice.switch !== null) {
        const why = pointless(body.notice, await stateOf(body.notice.switch));
        if (why !== null) return { kind: 'never', reason: why, pointless: true };
      }
      return receiver.deliver(message, signal);
    },
  };
}
