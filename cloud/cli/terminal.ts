import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** For what is not the result: progress, warnings, errors. */
export function remark(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function sayJson(value: unknown): void {
  say(JSON.stringify(value, null, 2));
}

/** Colour only on a terminal and without NO_COLOR, which `styleText` looks after. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Words from elsewhere, without what a terminal would obey. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ');
}

/** A person can read and answer here. */
export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}

/** Asks a question whose answer must be yes. */
export async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const closed = new AbortController();
  lines.once('close', () => closed.abort());
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `, { signal: closed.signal })).trim());
  } catch (error) {
    // Ctrl-D or Ctrl-C at the question is an answer, too.
    if (error instanceof Error && error.name === 'AbortError') return false;
    throw error;
  } finally {
    lines.close();
  }
}

const GAP = '  ';
const LAST_MIN = 10;

/**
 * Rows below their headings. On a terminal a row that is too wide goes on in further lines, its columns below each other
 * all the same, and the last column is cut to fit; elsewhere a row is a line and nothing is cut.
 */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(plain));
  const widths = headings.map((heading, column) =>
    Math.max(...[heading, ...cells.map((row) => row[column] ?? '')].map((cell) => cell.length)),
  );
  const width = process.stdout.isTTY ? process.stdout.columns : Infinity;
  const lines = linesOf(widths, width);
  const told = (row: readonly string[]): string =>
    lines.map((columns) => lineOf(row, columns, widths, width)).join('\n');
  return [told(headings).split('\n').map(bold).join('\n'), ...cells.map(told)].join('\n');
}

const bold = (text: string): string => paint('bold', text);

/** Which columns stand on which line of a row; those after the first line are indented. */
function linesOf(widths: readonly number[], width: number): readonly (readonly number[])[] {
  const lines: number[][] = [[]];
  let used = 0;
  for (const [column, own] of widths.entries()) {
    const needed = column === widths.length - 1 ? Math.min(own, LAST_MIN) : own;
    if (used > GAP.length && used + needed > width) {
      lines.push([]);
      used = GAP.length;
    }
    lines.at(-1)?.push(column);
    used += own + GAP.length;
  }
  return lines;
}

function lineOf(row: readonly string[], columns: readonly number[], widths: readonly number[], width: number): string {
  const line = columns.map((column) => (row[column] ?? '').padEnd(widths[column] ?? 0)).join(GAP);
  const indented = columns[0] === 0 ? line : GAP + line;
  const isLast = columns.at(-1) === row.length - 1;
  return isLast ? cut(indented.trimEnd(), width) : indented.trimEnd();
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1).replace(/\p{Cs}$/u, '')}…` : text;
}
