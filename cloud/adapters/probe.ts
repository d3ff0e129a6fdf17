import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { durationInWords } from '../../shared/duration.ts';
import { urlInWords } from '../../shared/url-in-words.ts';
import type { Probe, Prober } from '../ports.ts';
import { CERTIFICATE_FAULTS } from './certificate-words.ts';

/** A page that has sent this much is taken to be one that answers; the rest is not waited for. */
const BODY_BYTES_MAX = 64 * 1024;

/** Asks a site by HTTP or HTTPS, once, with a connection of its own; redirects are answers and not followed. */
export function openProber(): Prober {
  return {
    async probe(probe, signal) {
      const overall = AbortSignal.timeout(probe.timeoutMs);
      const said = urlInWords(probe.url);
      const where = probe.connectTo === undefined ? said : `${said} at ${probe.connectTo}`;
      try {
        const { status, location } = await get(probe, AbortSignal.any([signal, overall]));
        const answered = `${where} answered ${status}${location === undefined ? '' : ` (to ${urlInWords(location)})`}`;
        if (probe.expect.includes(status)) return { ok: true, text: `${answered}.` };
        return { ok: false, text: `${answered}, not ${probe.expect.join(' or ')}.` };
      } catch (error) {
        if (overall.aborted) return { ok: false, text: `${where} did not answer within ${inWords(probe.timeoutMs)}.` };
        if (signal.aborted) return { ok: false, text: `${where} was not waited for.` };
        return { ok: false, text: `${where} does not answer: ${whyNot(error)}.` };
      }
    },
  };
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
}

/** Resolves when the body has ended or is long enough: headers alone do not make a page. */
function get(probe: Probe, signal: AbortSignal): Promise<Answer> {
  const url = new URL(probe.url);
  const to = placeToConnect(url, probe.connectTo);
  const secure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const send = secure ? requestHttps : requestHttp;
    const request = send({
      ...to,
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      // Host and SNI stay those of the URL, wherever the connection goes.
      headers: { host: url.host, 'user-agent': 'dashover-probe', accept: '*/*', connection: 'close' },
      ...(secure && isIP(bare(url.hostname)) === 0 ? { servername: url.hostname } : {}),
      agent: false,
      signal,
    });
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      const answer = { status: response.statusCode ?? 0, location: response.headers.location?.slice(0, 200) };
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
        if (bytes > BODY_BYTES_MAX) {
          resolve(answer);
          response.destroy();
        }
      });
      response.on('end', () => resolve(answer));
      response.on('error', reject);
      response.on('close', () => reject(new Error('the connection was closed in the middle of the page')));
    });
    request.end();
  });
}

/** `192.0.2.10`, `192.0.2.10:8443`, `2001:db8::10`, `[2001:db8::10]:8443` or a name; the port is else the URL's. */
function placeToConnect(url: URL, connectTo: string | undefined): { host: string; port: number } {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (connectTo === undefined) return { host: bare(url.hostname), port };
  if (isIP(connectTo) === 6) return { host: connectTo, port };
  const match = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(connectTo);
  if (!match?.[1]) return { host: connectTo, port };
  return { host: bare(match[1]), port: match[2] === undefined ? port : Number(match[2]) };
}

/** An IPv6 address without its brackets. */
function bare(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ENOTFOUND: 'the host name does not exist',
  EAI_AGAIN: 'the host name could not be looked up',
  ...CERTIFICATE_FAULTS,
};

/** Why a connection failed, in words. */
export function whyNot(error: unknown): string {
  if (!(error instanceof Error)) return 'for no known reason';
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = 'code' in first && typeof first.code === 'string' ? first.code : undefined;
  return (code === undefined ? undefined : WORDS[code]) ?? (first.message || (code ?? first.name));
}

function inWords(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : durationInWords(ms);
}
