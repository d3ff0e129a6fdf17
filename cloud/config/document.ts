import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { expand, type Environment } from './environment.ts';
import { pathInWords, quote, type Path, type Problem } from './problems.ts';
import { syntaxInWords } from './syntax.ts';

const NODES_MAX = 100_000;
const DEPTH_MAX = 24;

/** The file as values, and where each of them stands. */
export interface Source {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Paths whose value could not be taken from the environment: nothing more is said about those. */
  readonly unset: ReadonlySet<string>;
  /** The line of the value, or of the nearest key above it. */
  line(path: Path): number | undefined;
  /** The text as the file has it, `${NAME}` not replaced: what may be repeated to people. */
  written(path: Path): string | undefined;
}

/** Reads YAML into values with their lines. Problems of syntax leave `value` undefined: the rest cannot be trusted. */
export function readSource(text: string, env: Environment): Source {
  const counter = new LineCounter();
  const walk = new Walk(env, counter);
  let value: unknown;
  try {
    // Keys are checked by the walk, which knows their path.
    const document = parseDocument(text, {
      lineCounter: counter,
      prettyErrors: false,
      uniqueKeys: false,
    });
    for (const error of [...document.errors, ...document.warnings].slice(0, 10)) {
      const line = counter.linePos(error.pos[0]).line;
      walk.problems.push({ path: [], line, text: syntaxInWords(error.code, text.split('\n')[line - 1] ?? '') });
    }
    if (walk.problems.length === 0) value = walk.value(document.contents, [], document);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    walk.problems.push({ path: [], text: 'is nested deeper than can be read; write it with fewer levels.' });
  }
  return {
    value,
    problems: walk.problems,
    unset: walk.unset,
    line: (path) => nearest(walk.lines, path),
    written: (path) => walk.written.get(pathInWords(path)),
  };
}

function nearest(lines: ReadonlyMap<string, number>, path: Path): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const line = lines.get(pathInWords(path.slice(0, length)));
    if (line !== undefined) return line;
  }
  return undefined;
}

/** From nodes to plain values; keeps lines and the written text, replaces `${NAME}`, refuses what is told twice. */
class Walk {
  readonly problems: Problem[] = [];
  readonly lines = new Map<string, number>();
  readonly written = new Map<string, string>();
  readonly unset = new Set<string>();
  readonly #env: Environment;
  readonly #counter: LineCounter;
  #nodes = 0;

  constructor(env: Environment, counter: LineCounter) {
    this.#env = env;
    this.#counter = counter;
  }

  value(node: unknown, path: Path, document: Document): unknown {
    this.#nodes += 1;
    // Aliases can unfold a small file without end.
    if (this.#nodes > NODES_MAX || path.length > DEPTH_MAX) {
      throw new RangeError('the file unfolds to too much');
    }
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target !== undefined) return this.value(target, path, document);
      this.problems.push({ path, line: this.#lineOf(node) ?? 1, text: syntaxInWords('BAD_ALIAS', '') });
      return undefined;
    }
    this.#mark(node as Node | null, path);
    if (isMap(node)) return this.#map(node.items, path, document);
    if (isSeq(node)) return node.items.map((item, index) => this.value(item, [...path, index], document));
    if (!isScalar(node)) return null;
    if (typeof node.value !== 'string') {
      this.written.set(pathInWords(path), node.source ?? String(node.value));
      return node.value;
    }
    this.written.set(pathInWords(path), node.value);
    return expand(node.value, this.#env, (text) => {
      this.problems.push({ path, text });
      this.unset.add(pathInWords(path));
    });
  }

  #map(items: readonly { key: unknown; value: unknown }[], path: Path, document: Document): unknown {
    const entries = new Map<string, unknown>();
    for (const pair of items) {
      const key = isAlias(pair.key) ? pair.key.resolve(document) : pair.key;
      if (!isScalar(key) || key.value === null) {
        this.problems.push({ path, text: 'has a key that is not a word; write "key: value".' });
        continue;
      }
      const name = typeof key.value === 'string' ? key.value : (key.source ?? JSON.stringify(key.value));
      const below = [...path, name];
      const before = this.lines.get(pathInWords(below));
      if (entries.has(name)) {
        const line = this.#lineOf(key) ?? this.lines.get(pathInWords(path)) ?? 1;
        this.problems.push({ path: below, line, text: `is written twice, first in line ${before}; keep one of them.` });
        continue;
      }
      if (name === '__proto__' || name === '<<') {
        this.problems.push({
          path,
          text: `has the key ${quote(name)}, which is not understood; write its content out.`,
        });
        continue;
      }
      this.#mark(key, below);
      entries.set(name, this.value(pair.value, below, document));
    }
    return Object.fromEntries(entries);
  }

  #mark(node: Node | null, path: Path): void {
    const line = node === null ? undefined : this.#lineOf(node);
    // The key's own line, which comes first, is where a person looks.
    if (line !== undefined && !this.lines.has(pathInWords(path))) this.lines.set(pathInWords(path), line);
  }

  #lineOf(node: Node): number | undefined {
    return node.range ? this.#counter.linePos(node.range[0]).line : undefined;
  }
}
