import { ipv4, ipv6, singleField } from './address.ts';
import { characterString, hexField, nameField, numberField, quotedBytes, splitFields, takeFields } from './fields.ts';
import { FormatFault } from './name.ts';
import { svcbRdata } from './svcb.ts';

/** The record types that Route 53 knows, with their numbers on the wire. */
export const TYPE_NUMBERS = {
  SOA: 6,
  A: 1,
  TXT: 16,
  NS: 2,
  CNAME: 5,
  MX: 15,
  NAPTR: 35,
  PTR: 12,
  SRV: 33,
  SPF: 99,
  AAAA: 28,
  CAA: 257,
  DS: 43,
  TLSA: 52,
  SSHFP: 44,
  SVCB: 64,
  HTTPS: 65,
} as const;

export type RecordType = keyof typeof TYPE_NUMBERS;

export const RECORD_TYPES = Object.keys(TYPE_NUMBERS) as readonly RecordType[];

export function isRecordType(type: string): type is RecordType {
  return Object.hasOwn(TYPE_NUMBERS, type);
}

/**
 * The bytes of a value on the wire. It is both the check and the encoder, so that what Route 53 accepts can be served.
 * Throws a FormatFault that names the problem.
 */
export function rdata(type: RecordType, value: string): Buffer {
  if (value === '') throw new FormatFault(`${type}RRDATAEmpty`, 'Value is empty', value);
  switch (type) {
    case 'A':
      return ipv4(value);
    case 'AAAA':
      return ipv6(value);
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return nameField(singleField(type, value));
    case 'TXT':
    case 'SPF':
      return text(value);
    case 'MX': {
      const [preference, exchange] = takeFields(value, 2, type);
      return Buffer.concat([numberField(preference, 2, value), nameField(exchange)]);
    }
    case 'SRV': {
      const [priority, weight, port, target] = takeFields(value, 4, type);
      return Buffer.concat([...[priority, weight, port].map((n) => numberField(n, 2, value)), nameField(target)]);
    }
    case 'SOA': {
      const [mname, rname, ...times] = takeFields(value, 7, type);
      return Buffer.concat([nameField(mname), nameField(rname), ...times.map((n) => numberField(n, 4, value))]);
    }
    case 'CAA':
      return caa(value);
    case 'NAPTR': {
      const [order, preference, flags, service, regexp, replacement] = takeFields(value, 6, type);
      const strings = [flags, service, regexp].map((s) => characterString(s, value));
      return Buffer.concat([
        numberField(order, 2, value),
        numberField(preference, 2, value),
        ...strings,
        nameField(replacement),
      ]);
    }
    case 'DS': {
      const [tag, algorithm, digestType, digest] = takeFields(value, 4, type);
      const head = [numberField(tag, 2, value), numberField(algorithm, 1, value), numberField(digestType, 1, value)];
      return Buffer.concat([...head, hexField(digest, value)]);
    }
    case 'SSHFP': {
      const [algorithm, kind, fingerprint] = takeFields(value, 3, type);
      return Buffer.concat([
        numberField(algorithm, 1, value),
        numberField(kind, 1, value),
        hexField(fingerprint, value),
      ]);
    }
    case 'TLSA': {
      const [usage, selector, matching, certificate] = takeFields(value, 4, type);
      return Buffer.concat([
        ...[usage, selector, matching].map((n) => numberField(n, 1, value)),
        hexField(certificate, value),
      ]);
    }
    case 'SVCB':
    case 'HTTPS':
      return svcbRdata(value);
  }
}

/** The last field of a SOA: how long an absent name may be remembered, in seconds. */
export function soaMinimum(soaRdata: Buffer): number {
  return soaRdata.readUInt32BE(soaRdata.length - 4);
}

function text(value: string): Buffer {
  const strings = splitFields(value).map((field) => characterString(field, value));
  if (strings.length === 0) {
    throw new FormatFault('InvalidCharacterString', 'Value should be enclosed in quotation marks', value);
  }
  return Buffer.concat(strings);
}

function caa(value: string): Buffer {
  const [flags, tag = '', content] = takeFields(value, 3, 'CAA');
  if (!/^[a-z0-9]{1,15}$/i.test(tag)) {
    throw new FormatFault('CAARRDATAInvalidTag', 'The tag must be issue, issuewild or iodef', value);
  }
  const head = [numberField(flags, 1, value), Buffer.from([tag.length]), Buffer.from(tag)];
  return Buffer.concat([...head, quotedBytes(content, value)]);
}
