/** Where in the file: keys and list indexes from the top. */
export type Path = readonly PropertyKey[];

/** One thing that is wrong: where, what it is, and what to write. */
export interface Problem {
  readonly path: Path;
  readonly line: number | undefined;
  readonly text: string;
}

/** The configuration cannot be used. The message is the whole text for people: print it without a stack, and exit 2. */
export class ConfigProblems extends Error {
  override readonly name = 'ConfigProblems';
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super([`${file}: ${count}`, ...problems.map((problem) => `  ✖ ${inWords(problem)}`)].join('\n'));
    this.problems = problems;
  }
}

function inWords({ path, line, text }: Problem): string {
  const place = [pathInWords(path), line === undefined ? '' : `(line ${line})`].filter((word) => word !== '').join(' ');
  return place === '' ? text : `${place}: ${text}`;
}

/** `buttons[0].gestures.hold`; empty for the file itself. */
export function pathInWords(path: Path): string {
  return path.reduce<string>((words, part) => {
    if (typeof part === 'number') return `${words}[${part}]`;
    return `${words}${words === '' ? '' : '.'}${quoteKey(String(part))}`;
  }, '');
}

/** At most 60 characters of somebody's text, in quotes and safe on a terminal. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text).replaceAll(/\p{C}/gu, '?');
}

function quoteKey(key: string): string {
  return /^[A-Za-z0-9_-]{1,64}$/.test(key) ? key : quote(key);
}
