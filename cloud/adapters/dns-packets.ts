import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  decode,
  type DecodedPacket,
  encode,
  type RecordType,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import { normalName } from '../../shared/dns-name.ts';
import type { DnsAnswer, DnsRecord } from '../ports.ts';

/** What fits through nearly every path in one piece (DNS flag day 2020). */
const UDP_BYTES_MAX = 1_232;

export interface Question {
  readonly id: number;
  readonly name: string;
  readonly type: string;
}

/** Types that dns-packet knows only by number. */
const BY_NUMBER: Readonly<Record<string, string>> = { SVCB: 'UNKNOWN_64', HTTPS: 'UNKNOWN_65' };

/** A question without recursion: an authoritative server is asked what it knows itself. */
export function encodeQuestion({ id, name, type }: Question): Buffer {
  return encode({
    type: 'query',
    id,
    flags: 0,
    questions: [{ name, type: (BY_NUMBER[type] ?? type) as RecordType, class: 'IN' }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: UDP_BYTES_MAX,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  });
}

export type Received =
  | { readonly kind: 'answer'; readonly answer: DnsAnswer }
  | { readonly kind: 'truncated' }
  /** Not an answer to this question: noise, a late one, or somebody guessing. */
  | { readonly kind: 'stranger' };

/** Reads a packet, if it answers this question: id, direction and question are checked. */
export function decodeAnswer(packet: Buffer, question: Question): Received {
  const decoded = tryDecode(packet);
  if (!decoded || decoded.type !== 'response' || decoded.id !== question.id) return { kind: 'stranger' };
  const [asked, ...more] = decoded.questions ?? [];
  const type = BY_NUMBER[question.type] ?? question.type;
  // Servers that cannot read a question (FORMERR) send none back.
  const rcode = 'rcode' in decoded ? String(decoded.rcode) : 'unknown';
  if (!asked && rcode === 'NOERROR') return { kind: 'stranger' };
  if (asked && (more.length > 0 || normalName(asked.name) !== normalName(question.name) || asked.type !== type)) {
    return { kind: 'stranger' };
  }
  const flags = decoded.flags ?? 0;
  if ((flags & TRUNCATED_RESPONSE) !== 0) return { kind: 'truncated' };
  const records = (decoded.answers ?? []).flatMap(readRecord);
  return { kind: 'answer', answer: { rcode, authoritative: (flags & AUTHORITATIVE_ANSWER) !== 0, records } };
}

function tryDecode(packet: Buffer): DecodedPacket | undefined {
  try {
    return decode(packet);
  } catch {
    // Whatever it was, it was no DNS packet; the caller goes on waiting for one.
    return undefined;
  }
}

function readRecord(answer: Answer): DnsRecord[] {
  if (answer.type === 'OPT') return [];
  const type = Object.entries(BY_NUMBER).find(([, number]) => number === answer.type)?.[0] ?? answer.type;
  return [{ name: normalName(answer.name), type, ttl: answer.ttl ?? 0, value: valueOf(answer) }];
}

/** The record's data as Route 53 writes it; of types that nobody compares, in the form of RFC 3597. */
function valueOf(answer: Exclude<Answer, { type: 'OPT' }>): string {
  if (answer.type === 'MX') return `${answer.data.preference ?? 0} ${normalName(answer.data.exchange)}`;
  if (answer.type === 'SRV') {
    const { priority, weight, port, target } = answer.data;
    return `${priority ?? 0} ${weight ?? 0} ${port} ${normalName(target)}`;
  }
  if (answer.type === 'TXT') return [answer.data].flat().map(quoted).join(' ');
  if (answer.type === 'CAA') return `${answer.data.flags ?? 0} ${answer.data.tag} "${answer.data.value}"`;
  if (Buffer.isBuffer(answer.data)) return `\\# ${answer.data.byteLength} ${answer.data.toString('hex')}`;
  if (typeof answer.data !== 'string') return JSON.stringify(answer.data);
  return NAMES.includes(answer.type) ? normalName(answer.data) : answer.data;
}

/** Types whose data is a name. */
const NAMES: readonly string[] = ['CNAME', 'DNAME', 'NS', 'PTR'];

function quoted(text: string | Buffer): string {
  const characters = typeof text === 'string' ? text : text.toString('latin1');
  const escaped = characters.replace(/["\\]/g, '\\$&');
  return `"${escaped.replace(/[^ -~]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)}"`;
}
