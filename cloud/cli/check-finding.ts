/** One thing that was found before the emergency: what it is, and what to do about it. */
export interface Finding {
  /** Null: it concerns the whole endpoint. */
  readonly switch: string | null;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly text: string;
}

/** Collects the findings of one switch. */
export type Report = (level: Finding['level'], text: string) => void;
