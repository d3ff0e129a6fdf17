/** An error as the API answers it: a code that the SDK turns into the error's name, a text and an HTTP status. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly status: number;
  /** Entries of a list inside the error, for those errors that carry one. */
  readonly entries: readonly ProtectionEntry[];

  constructor(code: string, message: string, status = 400, entries: readonly ProtectionEntry[] = []) {
    super(message);
    this.code = code;
    this.status = status;
    this.entries = entries;
  }
}

export interface ProtectionEntry {
  readonly name: string;
  readonly type: string;
  readonly code: string;
  readonly message: string;
}

export function invalidInput(message: string): ApiError {
  return new ApiError('InvalidInput', message);
}

/** Several reasons in one message, as Route 53 writes them: `[a, b]`. */
export function invalidChangeBatch(reasons: readonly string[]): ApiError {
  return new ApiError('InvalidChangeBatch', `[${reasons.join(', ')}]`);
}

export function noSuchHostedZone(id: string): ApiError {
  return new ApiError('NoSuchHostedZone', `No hosted zone found with ID: ${id}`, 404);
}
