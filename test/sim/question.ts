/** One HTTP request, whoever sends it. */
export interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly secret: string;
  /** `Bearer`, unless it is a trigger's. */
  readonly scheme?: 'Bearer' | 'CAAuth';
  /** The command line names itself. */
  readonly client?: 'cli';
  /** JSON. */
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}
