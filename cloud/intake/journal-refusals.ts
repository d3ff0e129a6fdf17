import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Fault, type FaultCode, isFault } from '../../shared/faults.ts';
import type { Log } from '../../shared/log.ts';
import type { Door } from './accept.ts';
import type { Principal } from './auth.ts';
import { asFault } from './errors.ts';

/** Refusals of commands that stand in the journal. Of requests that only read, the first two. */
const JOURNALLED: readonly FaultCode[] = [
  'not-authenticated',
  'not-allowed',
  'malformed',
  'unknown-switch',
  'unknown-position',
  'unknown-trigger',
];

/** Writes what HTTP refused before the door into the journal too. */
export function journalRefusals(app: FastifyInstance, door: Door, log: Log): void {
  app.addHook('onError', async (request, _reply, error) => {
    const fault = isFault(error) ? error : error.validation ? asFault(error, request, log) : undefined;
    if (fault && isJournalled(fault, request.method)) door.refused(fault, whoIs(request), switchOf(request));
  });
}

function isJournalled(fault: Fault, method: string): boolean {
  const codes = method === 'GET' || method === 'HEAD' ? JOURNALLED.slice(0, 2) : JOURNALLED;
  return codes.includes(fault.code);
}

function whoIs(request: FastifyRequest): string {
  const principal = request.getDecorator<Principal | null>('principal');
  const address = `the address ${request.ip}`;
  if (principal === null) return address;
  return principal.kind === 'token'
    ? `the token "${principal.token.name}" at ${address}`
    : `the device "${principal.device.name}" at ${address}`;
}

function switchOf(request: FastifyRequest): string | null {
  const params: unknown = request.params;
  if (typeof params !== 'object' || params === null || !('switch' in params)) return null;
  return typeof params.switch === 'string' ? params.switch : null;
}
