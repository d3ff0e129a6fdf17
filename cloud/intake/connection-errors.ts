import type { Socket } from 'node:net';
import { Fault } from '../../shared/faults.ts';
import { errorBody } from './errors.ts';

interface Answer {
  readonly status: string;
  readonly fault: Fault;
}

const TOO_LARGE: Answer = {
  status: '431 Request Header Fields Too Large',
  fault: new Fault('too-large', 'The headers have more than 16 KiB.', { hint: 'Send fewer or shorter headers.' }),
};
const TOO_SLOW: Answer = {
  status: '408 Request Timeout',
  fault: new Fault('too-slow', 'The request did not arrive in time.'),
};
const UNREADABLE: Answer = {
  status: '400 Bad Request',
  fault: new Fault('bad-request', 'This is not HTTP/1.1 as it can be read here.'),
};

/** Answers what never became a request (overlong headers, slow senders, no HTTP at all), in the form of every other error. */
export function answerConnectionError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, fault } =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? TOO_LARGE
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? TOO_SLOW
        : UNREADABLE;
  const body = JSON.stringify(errorBody(fault));
  const head = ['Content-Type: application/json; charset=utf-8', `Content-Length: ${Buffer.byteLength(body)}`];
  socket.end([`HTTP/1.1 ${status}`, ...head, 'Connection: close', '', body].join('\r\n'), () => socket.destroy());
}
