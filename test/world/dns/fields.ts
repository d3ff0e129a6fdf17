import { FormatFault, nameToWire, readName } from './name.ts';

/** RFC 1035: a character string carries its length in one byte. */
const CHARACTER_STRING_BYTES_MAX = 255;

/** The fields of a record's value, split at spaces outside quotation marks. A quoted field keeps its marks. */
export function splitFields(value: string): string[] {
  return value.match(/"(?:\\.|[^"\\])*"|[^\s"]+|"/g) ?? [];
}

/** Exactly so many fields, or a FormatFault that says how many there are. */
export function takeFields(value: string, count: number, type: string): string[] {
  const fields = splitFields(value);
  if (fields.length !== count) {
    throw new FormatFault(
      `${type}RRDATANotEnoughFields`,
      `Value has ${fields.length} fields, expected ${count}`,
      value,
    );
  }
  return fields;
}

/** An unsigned number of `bytes` bytes, big endian. Throws a FormatFault. */
export function numberField(text: string | undefined, bytes: 1 | 2 | 4, whole: string): Buffer {
  const max = 2 ** (bytes * 8) - 1;
  if (text === undefined || !/^\d{1,10}$/.test(text) || Number(text) > max) {
    throw new FormatFault('InvalidNumber', `Value must contain a number from 0 to ${max}`, whole);
  }
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(Number(text), 0, bytes);
  return buffer;
}

/** A domain name inside a value. Throws a FormatFault about the name. */
export function nameField(text: string | undefined): Buffer {
  return nameToWire(readName(text ?? ''));
}

export function hexField(text: string | undefined, whole: string): Buffer {
  if (text === undefined || text === '' || text.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(text)) {
    throw new FormatFault('InvalidHexadecimal', 'Value must contain an even number of hexadecimal digits', whole);
  }
  return Buffer.from(text, 'hex');
}

/** The bytes of a quoted string: `\ooo` is an octal escape, a backslash before anything else stands for that character. */
export function quotedBytes(text: string | undefined, whole: string): Buffer {
  if (text === undefined || text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) {
    throw new FormatFault('InvalidCharacterString', 'Value should be enclosed in quotation marks', whole);
  }
  const inner = text.slice(1, -1);
  if (/[^ -~]/.test(inner)) {
    throw new FormatFault('UnsupportedCharacter', 'Value contains unsupported characters', whole);
  }
  const plain = inner.replace(/\\([0-3][0-7]{2}|.)/g, (_, escaped: string) =>
    escaped.length === 3 ? String.fromCharCode(Number.parseInt(escaped, 8)) : escaped,
  );
  return Buffer.from(plain, 'latin1');
}

/** A quoted string with its length byte. Throws a FormatFault. */
export function characterString(text: string | undefined, whole: string): Buffer {
  const bytes = quotedBytes(text, whole);
  if (bytes.length > CHARACTER_STRING_BYTES_MAX) {
    throw new FormatFault('CharacterStringTooLong', 'Value is too long', whole);
  }
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
