import { ipv4, ipv6 } from './address.ts';
import { nameField, numberField, splitFields } from './fields.ts';
import { FormatFault } from './name.ts';

const KEYS = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint'] as const;

/**
 * The value of an SVCB or HTTPS record, such as `0 pool.example.net` or `1 . alpn="h2,h3" port=8443`, on the wire.
 * Throws a FormatFault. Source: RFC 9460.
 */
export function svcbRdata(value: string): Buffer {
  const [priority, target, ...rest] = joined(splitFields(value));
  const head = [numberField(priority, 2, value), nameField(target)];
  if (Number(priority) === 0 && rest.length > 0) {
    throw fault('An alias (priority 0) has no parameters', value);
  }
  const params = rest.map((field) => readParam(field, value)).sort((a, b) => a.key - b.key);
  for (const [at, param] of params.entries()) {
    if (params[at + 1]?.key === param.key) throw fault('A parameter appears twice', value);
    const header = Buffer.alloc(4);
    header.writeUInt16BE(param.key, 0);
    header.writeUInt16BE(param.bytes.length, 2);
    head.push(header, param.bytes);
  }
  return Buffer.concat(head);
}

/** `alpn="h2"` arrives as two fields, the name with its sign and the quoted text. */
function joined(fields: readonly string[]): string[] {
  const whole: string[] = [];
  for (const field of fields) {
    const last = whole.at(-1);
    if (field.startsWith('"') && last?.endsWith('=')) whole[whole.length - 1] = last + field;
    else whole.push(field);
  }
  return whole;
}

function readParam(field: string, whole: string): { readonly key: number; readonly bytes: Buffer } {
  const [, name = '', raw] = /^([a-z0-9-]+)(?:=(.*))?$/s.exec(field) ?? [];
  const key = keyNumber(name);
  if (key === undefined) throw fault(`'${field.slice(0, 40)}' is not a parameter`, whole);
  const text = raw?.replace(/^"(.*)"$/s, '$1');
  return { key, bytes: paramBytes(key, text, whole) };
}

function keyNumber(name: string): number | undefined {
  const known = KEYS.indexOf(name as (typeof KEYS)[number]);
  if (known >= 0) return known;
  const number = /^key(\d{1,5})$/.exec(name)?.[1];
  return number !== undefined && Number(number) < 65_535 ? Number(number) : undefined;
}

function paramBytes(key: number, text: string | undefined, whole: string): Buffer {
  const name = KEYS[key];
  if (name === 'no-default-alpn') {
    if (text !== undefined) throw fault('no-default-alpn has no value', whole);
    return Buffer.alloc(0);
  }
  if (text === undefined || text === '') throw fault('A parameter has no value', whole);
  if (name === undefined) return Buffer.from(text, 'latin1');
  const items = text.split(',');
  switch (name) {
    case 'mandatory':
      return Buffer.concat(items.map((name) => numberField(String(keyNumber(name) ?? name), 2, whole)));
    case 'alpn':
      return Buffer.concat(items.map((id) => alpnId(id, whole)));
    case 'port':
      return numberField(text, 2, whole);
    case 'ipv4hint':
      return Buffer.concat(items.map((address) => ipv4(address)));
    case 'ipv6hint':
      return Buffer.concat(items.map((address) => ipv6(address)));
    case 'ech':
      if (!/^[A-Za-z0-9+/]+=*$/.test(text)) throw fault('ech is not base64', whole);
      return Buffer.from(text, 'base64');
  }
}

function alpnId(id: string, whole: string): Buffer {
  if (id === '' || id.length > 255) throw fault('An alpn id has 1 to 255 characters', whole);
  return Buffer.concat([Buffer.from([id.length]), Buffer.from(id, 'latin1')]);
}

function fault(explanation: string, whole: string): FormatFault {
  return new FormatFault('SVCBRRDATAInvalid', explanation, whole);
}
