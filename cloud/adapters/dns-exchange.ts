import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { decodeAnswer, encodeQuestion, type Question } from './dns-packets.ts';
import type { DnsAnswer } from '../ports.ts';

/** Where a name server listens. */
export interface Server {
  readonly address: string;
  readonly port: number;
}

/**
 * Asks over UDP. A connected socket takes packets from this server only. Resolves with the answer, or `truncated` when
 * TCP has to be used; rejects with the signal's reason when none comes before it aborts.
 */
export function askUdp(server: Server, question: Question, signal: AbortSignal): Promise<DnsAnswer | 'truncated'> {
  const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
  return new Promise<DnsAnswer | 'truncated'>((resolve, reject) => {
    rejectOnAbort(signal, reject);
    socket.on('error', reject);
    socket.on('message', (packet) => {
      const received = decodeAnswer(packet, question);
      if (received.kind === 'answer') resolve(received.answer);
      else if (received.kind === 'truncated') resolve('truncated');
    });
    socket.connect(server.port, server.address, () => {
      // A refused port (ICMP) comes back as the error of the next call, or as an event: both end here.
      socket.send(encodeQuestion(question), (error) => error && reject(error));
    });
  }).finally(() => socket.close());
}

/** The same over TCP, where a packet is preceded by its length in two bytes. */
export function askTcp(server: Server, question: Question, signal: AbortSignal): Promise<DnsAnswer> {
  const socket = connect({ host: server.address, port: server.port, noDelay: true });
  return new Promise<DnsAnswer>((resolve, reject) => {
    rejectOnAbort(signal, reject);
    let received: Buffer = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection was closed before the answer was whole')));
    socket.on('connect', () => {
      const packet = encodeQuestion(question);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(packet.byteLength);
      socket.write(Buffer.concat([length, packet]));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.byteLength < 2 || received.byteLength < 2 + received.readUInt16BE()) return;
      const read = decodeAnswer(received.subarray(2, 2 + received.readUInt16BE()), question);
      if (read.kind === 'answer') resolve(read.answer);
      else
        reject(
          new Error(read.kind === 'truncated' ? 'its answer is cut short over TCP too' : 'it answers another question'),
        );
    });
  }).finally(() => socket.destroy());
}

/** Whether this machine has a way to the address at all: connecting a UDP socket looks up the route and sends nothing. */
export function hasRoute(server: Server): Promise<boolean> {
  const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
  return new Promise<boolean>((resolve) => {
    socket.on('error', () => resolve(false));
    socket.connect(server.port, server.address, () => resolve(true));
  }).finally(() => socket.close());
}

function rejectOnAbort(signal: AbortSignal, reject: (reason: Error) => void): void {
  const give = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('given up'));
  if (signal.aborted) give();
  else signal.addEventListener('abort', give, { once: true });
}
