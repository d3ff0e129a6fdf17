/** One thing that was looked at, and what came of it. */
export interface Finding {
  readonly name: string;
  /** Null when it could not be tried here, which is no fault. */
  readonly ok: boolean | null;
  readonly text: string;
}
