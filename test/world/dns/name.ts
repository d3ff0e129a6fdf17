/** RFC 1035: a label has at most 63 bytes, a name on the wire 255 with its length bytes and the root. */
const LABEL_BYTES_MAX = 63;
const NAME_BYTES_MAX = 255;

/** What is wrong with a name or a value, in the words that Route 53 uses: `DomainLabelEmpty (Domain label is empty)`. */
export class FormatFault extends Error {
  override readonly name = 'FormatFault';
  readonly problem: string;
  readonly text: string;

  constructor(problem: string, explanation: string, text: string) {
    super(`FATAL problem: ${problem} (${explanation}) encountered with '${text}'`);
    this.problem = problem;
    this.text = text;
  }
}

/** A domain name as its labels, each a string of bytes (latin1), lower case, leftmost first; the root has none. */
export type Labels = readonly string[];

/**
 * Reads a name as people and Route 53 write it: `\ooo` is an octal escape, the final dot may be missing.
 * Printable ASCII stands for itself, everything else must be escaped. Throws a FormatFault.
 * Source: Route 53 Developer Guide, "DNS domain name format".
 */
export function readName(text: string): Labels {
  if (text === '') throw new FormatFault('DomainNameEmpty', 'Domain name is empty', text);
  if (text === '.') return [];
  const labels: string[] = [];
  let label = '';
  const close = (): void => {
    if (label === '') throw new FormatFault('DomainLabelEmpty', 'Domain label is empty', text);
    if (label.length > LABEL_BYTES_MAX) throw new FormatFault('DomainLabelTooLong', 'Domain label is too long', text);
    labels.push(label);
    label = '';
  };
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '.') {
      close();
    } else if (char === '\\') {
      const digits = text.slice(at + 1, at + 4);
      if (!/^[0-3][0-7]{2}$/.test(digits)) {
        throw new FormatFault(
          'InvalidEscapeSequence',
          'Escape sequence must be a backslash and three octal digits',
          text,
        );
      }
      label += lowerCase(String.fromCharCode(Number.parseInt(digits, 8)));
      at += 3;
    } else if (/[!-~]/.test(char)) {
      label += lowerCase(char);
    } else {
      throw new FormatFault('UnsupportedCharacter', 'Value contains unsupported characters', text);
    }
  }
  if (label !== '') close();
  if (nameToWire(labels).length > NAME_BYTES_MAX) {
    throw new FormatFault('DomainNameTooLong', 'Domain name is too long', text);
  }
  return labels;
}

/** As Route 53 gives names back: lower case, final dot, everything outside a-z 0-9 - _ as `\ooo`. */
export function writeName(labels: Labels): string {
  if (labels.length === 0) return '.';
  return labels.map((label) => `${label.replace(/[^a-z0-9\-_]/g, escapeByte)}.`).join('');
}

/** `readName` and `writeName` in one: the form in which names are kept and compared. Throws a FormatFault. */
export function canonicalName(text: string): string {
  return writeName(readName(text));
}

/** True for the zone's own name and for everything below it. Both canonical. */
export function isWithin(name: string, zoneName: string): boolean {
  return name === zoneName || name.endsWith(`.${zoneName}`);
}

/** The name one label up, or undefined at the root. Canonical. */
export function parentOf(name: string): string | undefined {
  const dot = name.indexOf('.');
  if (name === '.' || dot < 0) return undefined;
  return name.slice(dot + 1) || '.';
}

export function nameToWire(labels: Labels): Buffer {
  const parts = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** The labels of an uncompressed name on the wire, such as the data of a CNAME. */
export function nameFromWire(wire: Buffer): Labels {
  const labels: string[] = [];
  for (let at = 0, length = wire.readUInt8(0); length > 0; length = wire.readUInt8(at)) {
    labels.push(wire.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return labels;
}

/** Only ASCII has capitals in DNS (RFC 4343); a byte such as 0xC0 is not a letter. */
function lowerCase(char: string): string {
  return /[A-Z]/.test(char) ? char.toLowerCase() : char;
}

function escapeByte(char: string): string {
  return `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`;
}
