import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The files of `page/`, by their names; `index.html` is `/`. */
const FILES = [
  'index.html',
  'style.css',
  'icon.svg',
  'bar.js',
  'controls.js',
  'devices.js',
  'dialog.js',
  'en.js',
  'events.js',
  'history.js',
  'hold-button.js',
  'ja.js',
  'job.js',
  'main.js',
  'model.js',
  'offers.js',
  'rows.js',
  'session.js',
  'sign-in.js',
  'switch-card.js',
  'times.js',
  'view.js',
  'words.js',
] as const;

/** What the page imports by its package's name, and where the endpoint serves it: as it was published, unbundled. */
const LIBRARIES = [
  { name: 'preact', path: '/lib/preact.js' },
  { name: 'preact/hooks', path: '/lib/hooks.js' },
  { name: 'htm', path: '/lib/htm.js' },
] as const;

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The dashboard's files, without a token: what they show, they ask for with the token that a person gives them. */
export async function dashboardPages(app: FastifyInstance): Promise<void> {
  for (const file of FILES)
    serve(app, file === 'index.html' ? '/' : `/${file}`, new URL(`page/${file}`, import.meta.url));
  for (const { name, path } of LIBRARIES) serve(app, path, new URL(import.meta.resolve(name)));
}

/** One file as it goes over the wire. */
interface Ready {
  /** Weak: the same for each way to press it. */
  readonly etag: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  readonly br: Buffer;
}

function serve(app: FastifyInstance, path: string, file: URL): void {
  // Read and pressed when somebody looks for the first time: an endpoint that nobody watches starts without it.
  let ready: Promise<Ready> | undefined;
  app.get(path, async (request, reply) => {
    ready ??= prepare(file).catch((error: unknown) => {
      ready = undefined;
      throw error;
    });
    return send(request, reply, TYPES[path.split('.')[1] ?? 'html'] ?? '', await ready);
  });
}

function send(request: FastifyRequest, reply: FastifyReply, type: string, ready: Ready): FastifyReply {
  // Asked again each time, and not sent again while it is the same: a page is never from two versions.
  void reply
    .header('cache-control', 'no-cache')
    .header('etag', ready.etag)
    .header('vary', 'accept-encoding')
    .type(type);
  if (request.headers['if-none-match']?.includes(ready.etag)) return reply.code(304).send();
  const accepted = request.headers['accept-encoding'] ?? '';
  const encoding = (['br', 'gzip'] as const).find((one) => new RegExp(`\\b${one}\\b`).test(accepted));
  return encoding ? reply.header('content-encoding', encoding).send(ready[encoding]) : reply.send(ready.plain);
}

async function prepare(file: URL): Promise<Ready> {
  const read = await readFile(file);
  const plain = /\.m?js$/.test(file.pathname) ? Buffer.from(withPaths(read.toString())) : read;
  const [zipped, br] = await Promise.all([
    promisify(gzip)(plain, { level: 9 }),
    promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  ]);
  return {
    etag: `W/"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    plain,
    gzip: zipped,
    br,
  };
}

/**
 * Names of packages become paths: a browser knows no packages, and an import map would be a script in the page itself,
 * which our Content-Security-Policy does not run.
 */
function withPaths(script: string): string {
  const named = LIBRARIES.reduce(
    (text, { name, path }) => text.replaceAll(new RegExp(`\\bfrom\\s*(['"])${name}\\1`, 'g'), `from "${path}"`),
    script,
  );
  return named.replaceAll(/^\/\/# sourceMappingURL=.*$/gm, '');
}
