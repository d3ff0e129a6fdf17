import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { ApiError, invalidInput } from './api-error.ts';

/** An element of a request: its text, and its children in their order. */
export interface Node {
  readonly name: string;
  readonly text: string;
  readonly children: readonly Node[];
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  processEntities: true,
});

/** Reads a body whose root must be `root`. Throws an ApiError `MalformedInput`. */
export function parseXml(body: string, root: string): Node {
  // A document type could define entities that grow without limit; no request of this API needs one.
  if (/<!DOCTYPE/i.test(body)) throw malformed('A document type is not allowed');
  const valid = body.trim() === '' ? undefined : XMLValidator.validate(body);
  if (valid !== true) throw malformed(valid ? valid.err.msg : 'Unexpected end of document');
  const [top] = toNodes(parser.parse(body) as unknown);
  if (top?.name !== root) throw malformed(`${top?.name ?? 'The document'} is not valid, expected ${root}`);
  return top;
}

/** What an element may contain: which children, and which of them it must. Everything else is refused by name. */
export function children(node: Node, required: readonly string[], optional: readonly string[]): Map<string, Node> {
  const found = new Map<string, Node>();
  for (const child of node.children) {
    if (![...required, ...optional].includes(child.name) || found.has(child.name)) {
      throw invalidInput(
        `Invalid XML ; cvc-complex-type.2.4.a: Invalid content was found starting with element '${child.name}' in '${node.name}'.`,
      );
    }
    found.set(child.name, child);
  }
  const missing = required.find((name) => !found.has(name));
  if (missing !== undefined) {
    throw invalidInput(
      `Invalid XML ; cvc-complex-type.2.4.b: The content of element '${node.name}' is not complete. One of '{${missing}}' is expected.`,
    );
  }
  return found;
}

/** The items of a list element, all of which must be called `item`. */
export function items(node: Node | undefined, item: string): readonly Node[] {
  for (const child of node?.children ?? []) {
    if (child.name !== item) {
      throw invalidInput(
        `Invalid XML ; cvc-complex-type.2.4.a: Invalid content was found starting with element '${child.name}'. One of '{${item}}' is expected.`,
      );
    }
  }
  return node?.children ?? [];
}

function malformed(message: string): ApiError {
  return new ApiError('MalformedInput', message);
}

/** fast-xml-parser gives `[{ Tag: [{ '#text': '…' }, { Child: […] }] }]`. */
function toNodes(parsed: unknown): Node[] {
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    return Object.entries(entry)
      .filter(([name]) => name !== '#text' && name !== ':@')
      .map(([name, content]) => ({ name, text: textOf(content), children: toNodes(content) }));
  });
}

function textOf(content: unknown): string {
  if (!Array.isArray(content)) return '';
  return content
    .map((part: unknown) => (typeof part === 'object' && part !== null && '#text' in part ? String(part['#text']) : ''))
    .join('');
}
