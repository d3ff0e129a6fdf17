/** Why a command ends without having done what was asked: said to people in two sentences, to programs by its code. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly code: string;
  readonly hint: string;
  /** 1: the thing asked for did not happen. 2: wrong use or configuration. */
  readonly exitCode: 1 | 2;

  constructor(code: string, sentence: string, hint: string, options?: ErrorOptions & { exitCode?: 1 | 2 }) {
    super(sentence, options);
    this.code = code;
    this.hint = hint;
    this.exitCode = options?.exitCode ?? 1;
  }
}

/** The command was used wrongly: exit 2. */
export function wrongUse(sentence: string, hint: string): CliFailure {
  return new CliFailure('wrong-use', sentence, hint, { exitCode: 2 });
}
