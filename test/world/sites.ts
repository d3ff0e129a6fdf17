import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { LOOPBACK, listen, listenOn } from './ports.ts';

/** What crawlers and browsers are told: come back in two minutes. */
const RETRY_AFTER_SECONDS = 120;

export interface SitesOptions {
  /** Replaced by free ones when taken; 0 (the default) is always a free one. */
  readonly ports?: { readonly primary?: number; readonly maintenance?: number };
}

/** A small web site. */
interface Site {
  readonly url: string;
  readonly port: number;
  readonly isDown: boolean;
  /** How many requests it has answered. */
  readonly hits: number;
  /** Down: nobody listens on its port, connections are refused and open ones cut. Up: on the same port again. */
  set(state: { readonly down: boolean }): Promise<void>;
}

export interface LocalSites extends AsyncDisposable {
  /** Answers 200. */
  readonly primary: Site;
  /** Answers 503 with Retry-After: honest to search engines and monitors while it is friendly to people. */
  readonly maintenance: Site;
}

const PRIMARY_PAGE = page('Example', 'All is well', 'This is the primary site. It answers 200.');
const MAINTENANCE_PAGE = page(
  'Maintenance',
  'Back soon',
  'The site is being worked on. This page answers 503 and asks to come back in two minutes.',
);

/** Starts the primary and the maintenance site on loopback. Rejects when no port can be had. */
export async function startSites(options: SitesOptions = {}): Promise<LocalSites> {
  const primary = await startSite(options.ports?.primary ?? 0, 200, PRIMARY_PAGE);
  try {
    const maintenance = await startSite(options.ports?.maintenance ?? 0, 503, MAINTENANCE_PAGE);
    return {
      primary,
      maintenance,
      async [Symbol.asyncDispose]() {
        await Promise.all([primary.set({ down: true }), maintenance.set({ down: true })]);
      },
    };
  } catch (error) {
    await primary.set({ down: true });
    throw error;
  }
}

async function startSite(preferred: number, status: number, html: string): Promise<Site> {
  let hits = 0;
  const serve = (incoming: IncomingMessage, response: ServerResponse): void => {
    hits += 1;
    incoming.resume();
    response.writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      ...(status === 503 && { 'retry-after': String(RETRY_AFTER_SECONDS) }),
    });
    response.end(incoming.method === 'HEAD' ? undefined : html);
  };
  let server: Server | undefined = createServer(serve);
  const port = await listen(server, preferred);
  return {
    url: `http://${LOOPBACK}:${port}`,
    port,
    get isDown() {
      return server === undefined;
    },
    get hits() {
      return hits;
    },
    async set({ down }) {
      if (!down && !server) {
        const next = createServer(serve);
        await listenOn(next, port);
        server = next;
      } else if (down && server) {
        const ending = server;
        server = undefined;
        const closed = new Promise<void>((resolve) => {
          ending.close(() => resolve());
        });
        ending.closeAllConnections();
        await closed;
      }
    },
  };
}

function page(title: string, heading: string, text: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title}</title>
<h1>${heading}</h1>
<p>${text}</p>
</html>
`;
}
