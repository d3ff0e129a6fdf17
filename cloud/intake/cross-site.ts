import type { FastifyRequest } from 'fastify';
import { Fault } from '../../shared/faults.ts';

/**
 * Refuses requests that a browser sends on behalf of another site's page. A page cannot set our Authorization, so this is
 * the second lock; programs send none of these headers. Throws `not-allowed`.
 */
export function refuseCrossSite(request: FastifyRequest, publicUrl: string | undefined): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const site = request.headers['sec-fetch-site'];
  if (site === 'same-origin' || site === 'none') return;
  const { origin } = request.headers;
  if (site === undefined && (origin === undefined || isOurs(origin, request.host, publicUrl))) return;
  throw new Fault('not-allowed', 'A page of another site may not send commands.', {
    hint: 'Use the dashboard of this endpoint, or a program.',
  });
}

function isOurs(origin: string, host: string, publicUrl: string | undefined): boolean {
  if (!URL.canParse(origin)) return false;
  return new URL(origin).host === host || (publicUrl !== undefined && new URL(publicUrl).origin === origin);
}
