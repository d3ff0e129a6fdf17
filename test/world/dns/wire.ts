import { writeName } from './name.ts';

const RCODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;
type Rcode = keyof typeof RCODES;

const HEADER_BYTES = 12;
const OPT = 41;
const POINTER_BITS = 0xc0;
/** A pointer to the question's name, which stands right behind the header. */
const QUESTION_POINTER = Buffer.from([POINTER_BITS, HEADER_BYTES]);
/** What DNS promised before EDNS, bytes. */
export const UDP_BYTES_PLAIN = 512;
/** What we say that we can take: fits every path without fragments. */
const UDP_BYTES_OURS = 1_232;

interface Question {
  /** Canonical. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** As it came, with the sender's capitals: the answer repeats it. */
  readonly raw: Buffer;
}

export interface Query {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  readonly question: Question | undefined;
  /** What the sender can take over UDP, bytes, and the EDNS version that it speaks. */
  readonly edns: { readonly udpBytes: number; readonly version: number } | undefined;
}

export interface WireRecord {
  /** Canonical. */
  readonly name: string;
  /** On the wire. */
  readonly owner: Buffer;
  readonly type: number;
  readonly ttl: number;
  readonly data: Buffer;
}

export interface Response {
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly answers: readonly WireRecord[];
  readonly authority: readonly WireRecord[];
}

/**
 * Reads a query. Undefined when it is no query at all and must not be answered; without `question` when it is one
 * that cannot be understood (FORMERR). Never throws, whatever the bytes are.
 */
export function decodeQuery(packet: Buffer): Query | undefined {
  if (packet.length < HEADER_BYTES) return undefined;
  const flags = packet.readUInt16BE(2);
  // A response must never be answered: two servers would talk to each other for ever.
  if ((flags & 0x8000) !== 0) return undefined;
  const head = {
    id: packet.readUInt16BE(0),
    opcode: (flags >> 11) & 0xf,
    recursionDesired: (flags & 0x0100) !== 0,
  };
  try {
    if (packet.readUInt16BE(4) !== 1) throw new RangeError('not one question');
    const question = readQuestion(packet);
    return { ...head, question, edns: readEdns(packet, HEADER_BYTES + question.raw.length) };
  } catch (error) {
    // Reading past the end, or a pointer where none may be: the packet is malformed, and FORMERR says so.
    if (!(error instanceof RangeError)) throw error;
    return { ...head, question: undefined, edns: undefined };
  }
}

function readQuestion(packet: Buffer): Question {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = packet.readUInt8(at); length > 0; length = packet.readUInt8(at)) {
    const end = at + 1 + length;
    if (length >= 64 || end >= packet.length || end - HEADER_BYTES > 254) throw new RangeError('bad label');
    labels.push(packet.toString('latin1', at + 1, end).replace(/[A-Z]/g, (char) => char.toLowerCase()));
    at = end;
  }
  const end = at + 5;
  const type = packet.readUInt16BE(at + 1);
  const questionClass = packet.readUInt16BE(at + 3);
  return { name: writeName(labels), type, class: questionClass, raw: packet.subarray(HEADER_BYTES, end) };
}

/** Walks over the records behind the question to the OPT record. */
function readEdns(packet: Buffer, from: number): Query['edns'] {
  const records = packet.readUInt16BE(6) + packet.readUInt16BE(8) + packet.readUInt16BE(10);
  let at = from;
  let edns: Query['edns'];
  for (let record = 0; record < records; record++) {
    const isRoot = packet.readUInt8(at) === 0;
    at = skipName(packet, at);
    const dataLength = packet.readUInt16BE(at + 8);
    if (packet.readUInt16BE(at) === OPT) {
      if (edns || !isRoot) throw new RangeError('bad OPT');
      edns = { udpBytes: packet.readUInt16BE(at + 2), version: packet.readUInt8(at + 5) };
    }
    at += 10 + dataLength;
    if (at > packet.length) throw new RangeError('record past the end');
  }
  return edns;
}

function skipName(packet: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const length = packet.readUInt8(at);
    if (length === 0) return at + 1;
    if ((length & POINTER_BITS) === POINTER_BITS) return at + 2;
    if (length >= 64) throw new RangeError('bad label');
    at += 1 + length;
  }
}

/** The answer's bytes, at most `bytesMax` of them: when it is too long, none of it but the truncation flag. */
export function encodeResponse(query: Query, response: Response, bytesMax: number): Buffer {
  const whole = assemble(query, response, false);
  return whole.length <= bytesMax ? whole : assemble(query, { ...response, answers: [], authority: [] }, true);
}

function assemble(query: Query, response: Response, truncated: boolean): Buffer {
  const rcode = RCODES[response.rcode];
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(query.id, 0);
  const flags = [
    0x8000,
    query.opcode << 11,
    response.authoritative ? 0x0400 : 0,
    truncated ? 0x0200 : 0,
    query.recursionDesired ? 0x0100 : 0,
    rcode & 0xf,
  ];
  header.writeUInt16BE(
    flags.reduce((sum, flag) => sum | flag, 0),
    2,
  );
  header.writeUInt16BE(query.question ? 1 : 0, 4);
  header.writeUInt16BE(response.answers.length, 6);
  header.writeUInt16BE(response.authority.length, 8);
  header.writeUInt16BE(query.edns ? 1 : 0, 10);
  const records = [...response.answers, ...response.authority].map((record) => encodeRecord(record, query.question));
  const question = query.question ? [query.question.raw] : [];
  return Buffer.concat([header, ...question, ...records, ...(query.edns ? [encodeOpt(rcode)] : [])]);
}

function encodeRecord(record: WireRecord, question: Question | undefined): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(record.type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(record.ttl, 4);
  fixed.writeUInt16BE(record.data.length, 8);
  const owner = record.name === question?.name && record.name !== '.' ? QUESTION_POINTER : record.owner;
  return Buffer.concat([owner, fixed, record.data]);
}

/** Our own OPT: the size that we take, and the upper bits of the rcode. */
function encodeOpt(rcode: number): Buffer {
  const opt = Buffer.alloc(11);
  opt.writeUInt16BE(OPT, 1);
  opt.writeUInt16BE(UDP_BYTES_OURS, 3);
  opt.writeUInt8(rcode >> 4, 5);
  return opt;
}
