import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dashboardPages } from '../../cloud/dashboard/pages.ts';
import { makeEndpoint, type TestEndpoint } from '../intake/endpoint.ts';

const FOLDER = new URL('../../cloud/dashboard/page/', import.meta.url);
/** For people and for the types, not for browsers. */
const NOT_SERVED = ['README.md', 'tsconfig.json'];
const FILES = readdirSync(FOLDER).filter((file) => !NOT_SERVED.includes(file));
const textOf = (file: string): string => readFileSync(new URL(file, FOLDER), 'utf8');

let endpoint: TestEndpoint;
let url: string;

beforeAll(async () => {
  endpoint = await makeEndpoint({ http: { pages: dashboardPages } });
  url = await endpoint.listen();
});
afterAll(() => endpoint[Symbol.asyncDispose]());

/** The page, and everything that it loads, as a browser finds it: links first, then imports of imports. */
async function loaded(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const wanted = ['/'];
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    if (found.has(path)) continue;
    const response = await fetch(url + path);
    expect([path, response.status]).toEqual([path, 200]);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const text = await response.text();
    found.set(path, text);
    const named = path.endsWith('.js') ? /^import\b[^'"]*["']([^"']+)["']/gm : /\b(?:src|href)="([^"]+)"/g;
    for (const [, name = ''] of text.matchAll(named)) wanted.push(new URL(name, url + path).pathname);
  }
  return found;
}

test('the page and all that it loads come from the endpoint without a token, and no file lies there unused', async () => {
  const files = await loaded();
  const ours = [...files.keys()].filter((path) => path !== '/' && !path.startsWith('/lib/'));
  expect(ours.map((path) => path.slice(1)).sort()).toEqual(FILES.filter((file) => file !== 'index.html').sort());
  expect((await fetch(url)).headers.get('content-type')).toBe('text/html; charset=utf-8');
});

test('every script is announced in the page, so that none waits for another to be found', async () => {
  const scripts = [...(await loaded()).keys()].filter((path) => path.endsWith('.js') && path !== '/main.js');
  const announced = Array.from(
    textOf('index.html').matchAll(/modulepreload" href="([^"]+)"/g),
    ([, path]) => path ?? '',
  );
  expect(announced.sort()).toEqual(scripts.sort());
});

test('nothing else of the folder is served', async () => {
  for (const path of ['/pages.ts', '/README.md', '/tsconfig.json', '/../pages.ts', '/%2e%2e/pages.ts', '/lib/']) {
    expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
  }
});

test('a file is sent pressed, once, and not again while it is the same', async () => {
  for (const encoding of ['br', 'gzip', 'identity']) {
    const response = await fetch(`${url}/main.js`, { headers: { 'accept-encoding': encoding } });
    expect(response.headers.get('content-encoding')).toBe(encoding === 'identity' ? null : encoding);
    expect(await response.text()).toContain('startSession');
    const etag = response.headers.get('etag') ?? '';
    const again = await fetch(`${url}/main.js`, { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  }
});

test.for(FILES)('%s asks no other host, and has no script or style in the page itself', (file) => {
  const hosts = [...textOf(file).matchAll(/https?:\/\/[^\s"']+/g)].map(([address]) => address);
  expect(hosts.filter((address) => address !== 'http://www.w3.org/2000/svg')).toEqual([]);
  if (file !== 'index.html') return;
  expect(textOf(file)).not.toMatch(/<style|style="|\son\w+="|<script(?![^>]*src=)/);
});

test.for(FILES.filter((file) => file.endsWith('.js')))('%s shows what it is told as text, never as markup', (file) => {
  expect(textOf(file)).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/);
});

test('the token is kept in the tab, and goes nowhere but into the header', () => {
  const all = FILES.filter((file) => file.endsWith('.js')).map(textOf);
  expect(all.filter((text) => text.includes('sessionStorage'))).toEqual([textOf('session.js')]);
  expect(all.join('\n')).not.toMatch(/localStorage|document\.cookie/);
  expect(textOf('session.js').match(/sessionStorage\.getItem/g)).toHaveLength(2);
  expect(textOf('session.js')).toMatch(/authorization: `Bearer \$\{sessionStorage\.getItem\(KEY\)/);
});
