import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { decode, encode, streamDecode, streamEncode } from 'dns-packet';
import type { DecodedPacket, Packet, RecordType } from 'dns-packet';

export interface AskOptions {
  readonly tcp?: boolean;
  /** What we say that we can take over UDP, bytes; no EDNS without it. */
  readonly udpBytes?: number;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 2_000;

/** Asks one name server one question. Rejects when no answer comes in time. */
export async function ask(
  address: string,
  name: string,
  type: string,
  options: AskOptions = {},
): Promise<DecodedPacket> {
  const query: Packet = {
    type: 'query',
    id: randomInt(65_536),
    questions: [{ name, type: type as RecordType }],
    ...(options.udpBytes !== undefined && {
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: options.udpBytes,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ],
    }),
  };
  const signal = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  // The types call the result of `streamDecode` a Packet; it carries the flags all the same.
  const packet = options.tcp
    ? (streamDecode(await exchangeTcp(address, streamEncode(query), signal)) as DecodedPacket)
    : decode(await exchangeUdp(address, encode(query), signal));
  if (packet.id !== query.id) throw new Error(`${address} answered query ${packet.id}, not ${query.id}.`);
  return packet;
}

/** Sends raw bytes over UDP and gives what comes back. Rejects with an AbortError when nothing does. */
export async function exchangeUdp(address: string, bytes: Buffer, signal: AbortSignal): Promise<Buffer> {
  const { host, port } = split(address);
  const socket = createSocket('udp4');
  try {
    const answered = once(socket, 'message', { signal });
    socket.send(bytes, port, host);
    const [message] = (await answered) as [Buffer];
    return message;
  } finally {
    socket.close();
  }
}

/** Sends raw bytes over TCP and gives the first whole message that comes back, with its length. */
export async function exchangeTcp(address: string, bytes: Buffer, signal: AbortSignal): Promise<Buffer> {
  const socket = connect(split(address));
  try {
    await once(socket, 'connect', { signal });
    socket.write(bytes);
    let received = Buffer.alloc(0);
    while (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) {
      const [part] = (await once(socket, 'data', { signal })) as [Buffer];
      received = Buffer.concat([received, part]);
    }
    return received;
  } finally {
    socket.destroy();
  }
}

function split(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
