import type { Clock } from '../../shared/clock.ts';
import type { Meter, Receiver } from '../ports.ts';

const RESULTS = ['delivered', 'later', 'never', 'pointless'] as const;

export interface MeasuredReceivers {
  /** The receiver, with its tries counted by what became of them. */
  measured(name: string, receiver: Receiver): Receiver;
  /**
   * Milliseconds for which the receiver has been tried without success; 0 when the last try reached it, and while another
   * endpoint delivers: then it is that one's to say. The age of what waits does not tell: of a state only the newest is
   * kept, and that one is always young.
   */
  tryingForMs(name: string): number;
}

/** `delivers` says whether this endpoint is the one that delivers to the receiver. */
export function makeMeasuredReceivers(
  meter: Meter,
  clock: Clock,
  delivers: (receiver: string) => boolean,
): MeasuredReceivers {
  /** Monotonic time of the first try that nothing has followed but failures. */
  const tryingSinceMs = new Map<string, number>();

  return {
    measured(name, receiver) {
      const count = (result: (typeof RESULTS)[number], by?: number): void =>
        meter.count('dashover_deliveries_total', { receiver: name, result }, by);
      for (const result of RESULTS) count(result, 0);
      return {
        ...receiver,
        async deliver(message, signal) {
          if (!tryingSinceMs.has(name)) tryingSinceMs.set(name, clock.monotonicMs());
          try {
            const receipt = await receiver.deliver(message, signal);
            count(receipt.kind === 'never' && receipt.pointless ? 'pointless' : receipt.kind);
            if (receipt.kind !== 'later') tryingSinceMs.delete(name);
            return receipt;
          } catch (error) {
            count('later');
            throw error;
          } finally {
            // Whoever delivers now may have reached it long ago.
            if (!delivers(name)) tryingSinceMs.delete(name);
          }
        },
      };
    },
    tryingForMs(name) {
      if (!delivers(name)) tryingSinceMs.delete(name);
      const sinceMs = tryingSinceMs.get(name);
      return sinceMs === undefined ? 0 : clock.monotonicMs() - sinceMs;
    },
  };
}
