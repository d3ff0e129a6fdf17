import { z } from 'zod';
import { normalName } from '../../shared/dns-name.ts';

export type Reading = { readonly name: string } | { readonly why: string };

/**
 * A DNS name as the inside keeps it: lower case, `\052` as `*`, no final dot. Otherwise why it is none, with what to
 * write. Rules: RFC 1035 lengths; Route 53 keeps everything outside a-z 0-9 - _ as `\ooo`.
 */
export function readName(text: string): Reading {
  if (text.includes('://')) return { why: 'is a URL; write only the host name, such as www.example.com' };
  if (/[^\x21-\x7e]/.test(text)) return { why: internationalised(text) };
  const name = text.toLowerCase().replaceAll('\\052', '*').replace(/\.$/, '');
  if (name === '') return { why: 'is empty; write a host name, such as www.example.com' };
  const labels = name.split('.');
  if (labels.includes('')) return { why: 'has a dot too many; write a host name, such as www.example.com' };
  if (labels.length < 2) return { why: 'is only a part of a name; write all of it, such as www.example.com' };
  const long = labels.find((label) => label.replaceAll(/\\[0-7]{3}/g, '?').length > 63);
  if (long !== undefined) return { why: 'has a part of more than 63 characters; DNS allows 63 between two dots' };
  if (name.replaceAll(/\\[0-7]{3}/g, '?').length > 253) return { why: 'is longer than the 253 characters of DNS' };
  const [first, ...rest] = labels;
  const wrong = [first === '*' ? 'a' : first, ...rest].join('.').replaceAll(/\\[0-7]{3}/g, '');
  if (wrong.includes('*')) return { why: 'has a * that is not the whole first part; write it as in *.example.com' };
  const strange = /[^a-z0-9_.-]/.exec(wrong)?.[0];
  if (strange !== undefined)
    return { why: `has a ${strange} in it; a name has letters, digits, - and _ (others as \\ooo)` };
  return { name: normalName(text) };
}

/** A name that a record points to: no wildcard, and no address. */
export function readHost(text: string): Reading {
  const reading = readName(text);
  if ('why' in reading) return reading;
  if (reading.name.startsWith('*'))
    return { why: 'is a wildcard; a record points to one host, such as www.example.com' };
  if (isIpv4(reading.name)) return { why: 'is an address; write a host name, or use type A' };
  return reading;
}

export function isIpv4(text: string): boolean {
  return z.ipv4().safeParse(text).success;
}

export function isIpv6(text: string): boolean {
  return z.ipv6().safeParse(text).success;
}

/** RFC 5952: lower case, the longest run of zeros as `::`. So that the same address is the same text. */
export function canonicalIpv6(text: string): string {
  return URL.canParse(`http://[${text}]`) ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text.toLowerCase();
}

function internationalised(text: string): string {
  const plain = /^[\p{L}\p{M}\p{N}.*_-]+$/u.test(text) && URL.canParse(`http://${text}`);
  if (!plain) return 'has a space or a sign that no DNS name has; write a host name, such as www.example.com';
  return `has letters that DNS does not know; write it as ${new URL(`http://${text}`).hostname}`;
}
