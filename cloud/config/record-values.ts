import { canonicalIpv6, isIpv4, isIpv6, readHost } from './dns-name.ts';
import type { RECORD_TYPES } from './record-schema.ts';

export type RecordType = (typeof RECORD_TYPES)[number];
type Reading = { readonly value: string } | { readonly why: string };

/** Route 53: one string of a TXT record has at most 255 characters. */
const STRING_MAX = 255;

/** A value of a record as Route 53 keeps it, or why it is none, with what to write. */
export function readValue(type: RecordType, text: string): Reading {
  switch (type) {
    case 'A':
      return isIpv4(text)
        ? { value: text }
        : { why: address(text, 'AAAA', isIpv6, 'an IPv4 address, such as 192.0.2.10') };
    case 'AAAA':
      if (isIpv6(text)) return { value: canonicalIpv6(text) };
      return { why: address(text, 'A', isIpv4, "an IPv6 address, such as '2001:db8::10'") };
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return host(text, '');
    case 'MX':
      return numbersThenHost(text, 1, 'a priority and a host name, such as 10 mail.example.com');
    case 'SRV':
      return numbersThenHost(text, 3, 'priority, weight, port and host name, such as 1 10 5269 xmpp.example.com');
    case 'TXT':
    case 'SPF':
      return quoted(text);
    case 'CAA':
      if (/^\d{1,3} [A-Za-z0-9]{1,15} "[^"\\]*"$/.test(text) && Number.parseInt(text, 10) <= 255)
        return { value: text };
      return { why: `is not a CAA value; write flags, tag and value, such as '0 issue "ca.example.com"'` };
    case 'DS':
    case 'HTTPS':
    case 'NAPTR':
    case 'SSHFP':
    case 'SVCB':
    case 'TLSA':
      // Route 53 judges these: their forms are many, and a copy of its rules would refuse what it accepts.
      return text.trim() === text && !/[\r\n]/.test(text)
        ? { value: text }
        : { why: 'has spaces around it; remove them' };
  }
}

function address(text: string, other: string, isOther: (text: string) => boolean, wanted: string): string {
  return isOther(text) ? `belongs to type ${other}; write ${wanted}` : `is not an address; write ${wanted}`;
}

function host(text: string, before: string): Reading {
  const reading = readHost(text);
  return 'name' in reading ? { value: before + reading.name } : reading;
}

function numbersThenHost(text: string, count: number, wanted: string): Reading {
  const parts = text.trim().split(/\s+/);
  const numbers = parts.slice(0, count);
  const name = parts[count];
  if (parts.length !== count + 1 || name === undefined || !numbers.every(isShort))
    return { why: `does not fit; write ${wanted}` };
  // `0 .` says that there is no such service (RFC 7505, RFC 2782).
  return name === '.' ? { value: `${numbers.join(' ')} .` } : host(name, `${numbers.join(' ')} `);
}

function isShort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}

function quoted(text: string): Reading {
  const wanted = `write each string in double quotes inside single ones, as in '"v=spf1 -all"'`;
  if (!/^"([^"\\]|\\.)*"( +"([^"\\]|\\.)*")*$/.test(text)) return { why: `is not in double quotes; ${wanted}` };
  const strings = text.match(/"([^"\\]|\\.)*"/g) ?? [];
  const long = strings.some((string) => string.slice(1, -1).replaceAll(/\\([0-7]{3}|.)/g, '?').length > STRING_MAX);
  if (long) return { why: `has a string of more than ${STRING_MAX} characters; split it, as in '"first" "second"'` };
  return { value: text };
}
