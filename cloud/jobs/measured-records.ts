import type { Clock } from '../../shared/clock.ts';
import { type FaultCode, isFault } from '../../shared/faults.ts';
import type { Meter, RecordStore } from '../ports.ts';

const OPERATIONS = ['zone', 'read', 'change', 'status'] as const;
type Operation = (typeof OPERATIONS)[number];

const RESULTS: { readonly [Code in FaultCode]?: string } = {
  'route53-throttled': 'throttled',
  'route53-unreachable': 'unreachable',
  'route53-refused': 'refused',
  'route53-denied': 'denied',
  'route53-zone-missing': 'missing',
  'route53-change-missing': 'missing',
};

/** Route 53 with its calls counted by result, and those timed that were answered. */
export function measuredRecords(records: RecordStore, meter: Meter, clock: Clock): RecordStore {
  for (const operation of OPERATIONS) {
    for (const result of ['ok', 'throttled']) meter.count('dashover_route53_calls_total', { operation, result }, 0);
  }

  async function measured<Answer>(operation: Operation, call: Promise<Answer>): Promise<Answer> {
    const sinceMs = clock.monotonicMs();
    try {
      const answer = await call;
      meter.count('dashover_route53_calls_total', { operation, result: 'ok' });
      meter.time('dashover_route53_call_seconds', { operation }, (clock.monotonicMs() - sinceMs) / 1_000);
      return answer;
    } catch (error) {
      meter.count('dashover_route53_calls_total', { operation, result: resultOf(error) });
      throw error;
    }
  }

  return {
    zone: (...asked) => measured('zone', records.zone(...asked)),
    read: (...asked) => measured('read', records.read(...asked)),
    change: (...asked) => measured('change', records.change(...asked)),
    changeStatus: (...asked) => measured('status', records.changeStatus(...asked)),
  };
}

/** What is no Fault is the caller's own deadline, or its stop. */
function resultOf(error: unknown): string {
  return (isFault(error) && RESULTS[error.code]) || 'given-up';
}
