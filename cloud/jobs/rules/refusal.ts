import { FAULTS, type FaultCode } from '../../../shared/faults.ts';
import type { Refusal } from '../../../shared/messages.ts';

/** A refusal by a rule: `code` as in the table of faults, a sentence, and what to do (by default the table's). */
export type CodedRefusal = Refusal & { readonly code: FaultCode };

export function refusal(code: FaultCode, message: string, hint: string = FAULTS[code].hint): CodedRefusal {
  return { code, message, hint, guard: null };
}
