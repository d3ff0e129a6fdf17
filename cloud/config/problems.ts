/** Where in the file: keys and list indexes from the top. */
export type Path = readonly PropertyKey[];

/** One thing that is wrong: where, and in words what it is and what to write instead. */
export interface Problem {
  readonly path: Path;
  readonly text: string;
  /** Known for what is not below a key (a syntax error). */
  readonly line?: number;
}

/** Collects problems; a check reports and goes on, so that one mistake does not hide the next. */
export type Report = (path: Path, text: string) => void;

/** The configuration cannot be used. The message is the whole text for people: print it, without a stack, and exit 2. */
export class ConfigProblems extends Error {
  override readonly name = 'ConfigProblems';
  readonly problems: readonly string[];

  /** `problems` are whole sentences, each with its place. */
  constructor(file: string, problems: readonly string[], options?: ErrorOptions) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super([`${file}: ${count}`, ...problems.map((problem) => `  ✖ ${problem}`)].join('\n'), options);
    this.problems = problems;
  }
}

/** `switches.www.positions.primary[0].ttl`; the file itself is `(file)`. */
export function pathInWords(path: Path): string {
  let words = '';
  for (const part of path) {
    if (typeof part === 'number') words += `[${part}]`;
    else words += `${words === '' ? '' : '.'}${printableKey(String(part))}`;
  }
  return words === '' ? '(file)' : words;
}

/** At most 60 characters of somebody's text, in quotes and safe to print. */
export function quote(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  // JSON leaves C1 controls and direction marks alone; a terminal would obey them.
  return JSON.stringify(short).replaceAll(/\p{C}/gu, '?');
}

/** `a, b and c`, or `a, b or c`. */
export function listInWords(words: readonly string[], last: 'and' | 'or'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}

function printableKey(key: string): string {
  return /^[A-Za-z0-9_*-]{1,64}$/.test(key) ? key : quote(key);
}
