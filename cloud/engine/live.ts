import type { Log } from '../../shared/log.ts';
import type { Outgoing } from './lane.ts';

type Listener = (outgoing: readonly Outgoing[]) => void;

/** Those who see what is told as it happens. One that throws is said so, and disturbs nobody. */
export interface Live {
  listen(listener: Listener): () => void;
  tell(outgoing: readonly Outgoing[]): void;
  isWatched(): boolean;
}

export function makeLive(log: Log): Live {
  const listeners = new Set<{ readonly call: Listener }>();
  return {
    listen(call) {
      const entry = { call };
      listeners.add(entry);
      return () => listeners.delete(entry);
    },
    isWatched: () => listeners.size > 0,
    tell(outgoing) {
      if (outgoing.length === 0) return;
      for (const { call } of listeners) {
        try {
          call(outgoing);
        } catch (error) {
          log.error({ err: error }, 'a live view threw at a message');
        }
      }
    },
  };
}
