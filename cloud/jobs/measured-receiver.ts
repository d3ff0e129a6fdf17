import type { Meter, Receiver } from '../ports.ts';

const RESULTS = ['delivered', 'later', 'never'] as const;

/** A receiver whose tries are counted by what became of them. */
export function measuredReceiver(name: string, receiver: Receiver, meter: Meter): Receiver {
  const count = (result: (typeof RESULTS)[number], by?: number): void =>
    meter.count('dashover_deliveries_total', { receiver: name, result }, by);
  for (const result of RESULTS) count(result, 0);
  return {
    ...receiver,
    async deliver(message, signal) {
      try {
        const receipt = await receiver.deliver(message, signal);
        count(receipt.kind);
        return receipt;
      } catch (error) {
        count('later');
        throw error;
      }
    },
  };
}
