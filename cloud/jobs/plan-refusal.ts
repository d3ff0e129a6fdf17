import type { FaultCode } from '../../shared/faults.ts';

export type PlanRefusal = {
  readonly kind: 'refused';
  readonly code: Extract<FaultCode, 'foreign-record' | 'unsafe-plan' | 'drift' | 'protected' | 'unknown-position'>;
  readonly message: string;
  readonly hint: string;
};

/** The zone as far as it is known; a null name leaves the apex to Route 53's own check. */
export interface PlanZone {
  readonly id: string;
  readonly name: string | null;
}
