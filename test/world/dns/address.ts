import { isIPv4, isIPv6 } from 'node:net';
import { FormatFault } from './name.ts';

/** Four bytes of an IPv4 address. Throws a FormatFault. */
export function ipv4(value: string): Buffer {
  const field = singleField('A', value);
  if (!isIPv4(field)) {
    throw new FormatFault('ARRDATAIllegalIPv4Address', 'Value is not a valid IPv4 address', value);
  }
  return Buffer.from(field.split('.').map(Number));
}

/** Sixteen bytes of an IPv6 address. Throws a FormatFault. */
export function ipv6(value: string): Buffer {
  const field = singleField('AAAA', value);
  if (!isIPv6(field) || field.includes('%')) {
    throw new FormatFault('AAAARRDATAIllegalIPv6Address', 'Value is not a valid IPv6 address', value);
  }
  // ::ffff:192.0.2.1 ends like an IPv4 address: two groups of hexadecimal digits say the same.
  const groups = field.replace(/\d+\.\d+\.\d+\.\d+$/, (tail) => {
    const bytes = Buffer.from(tail.split('.').map(Number));
    return `${bytes.readUInt16BE(0).toString(16)}:${bytes.readUInt16BE(2).toString(16)}`;
  });
  const [before = '', after] = groups.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  const buffer = Buffer.alloc(16);
  for (const [at, group] of [...head, ...zeros, ...tail].entries())
    buffer.writeUInt16BE(Number.parseInt(group, 16), at * 2);
  return buffer;
}

/** A value that must be one field. Throws a FormatFault. */
export function singleField(type: string, value: string): string {
  if (/\s/.test(value)) throw new FormatFault(`${type}RRDATANotSingleField`, 'Value contains spaces', value);
  return value;
}
