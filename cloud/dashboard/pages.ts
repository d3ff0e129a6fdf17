import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';

interface Page {
  readonly url: string;
  readonly file: string;
  readonly type: string;
}

const PAGES: readonly Page[] = [
  { url: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { url: '/app.js', file: 'app.js', type: 'text/javascript; charset=utf-8' },
  { url: '/events.js', file: 'events.js', type: 'text/javascript; charset=utf-8' },
  { url: '/style.css', file: 'style.css', type: 'text/css; charset=utf-8' },
  { url: '/icon.svg', file: 'icon.svg', type: 'image/svg+xml' },
];

/** The dashboard's files, without a token: what they show, they ask for with the token that a person gives them. */
export async function dashboardPages(app: FastifyInstance): Promise<void> {
  for (const { url, file, type } of PAGES) {
    const content = await readFile(new URL(`page/${file}`, import.meta.url));
    app.get(url, async (_request, reply) => reply.type(type).header('cache-control', 'no-cache').send(content));
  }
}
