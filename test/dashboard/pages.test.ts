import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dashboardPages } from '../../cloud/dashboard/pages.ts';
import { makeEndpoint, type TestEndpoint } from '../intake/endpoint.ts';

const FOLDER = new URL('../../cloud/dashboard/page/', import.meta.url);
let endpoint: TestEndpoint;
let url: string;

beforeAll(async () => {
  endpoint = await makeEndpoint({ http: { pages: dashboardPages } });
  url = await endpoint.listen();
});
afterAll(() => endpoint[Symbol.asyncDispose]());

test('the page and its files answer without a token, as what they are', async () => {
  const page = await fetch(url);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const files = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
  expect(files).toContain('/app.js');
  for (const path of files) {
    const file = await fetch(url + path);
    expect([path, file.status]).toEqual([path, 200]);
    expect(file.headers.get('x-content-type-options')).toBe('nosniff');
  }
});

test('every file of the page is served, and nothing beside it', async () => {
  for (const file of readdirSync(FOLDER)) {
    const path = file === 'index.html' ? '/' : `/${file}`;
    expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
  }
  for (const path of ['/pages.ts', '/README.md', '/../pages.ts', '/%2e%2e/pages.ts']) {
    expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
  }
});

test.for(readdirSync(FOLDER))('%s asks no other host, and has no script or style in the page itself', (file) => {
  const text = readFileSync(new URL(file, FOLDER), 'utf8');
  const hosts = [...text.matchAll(/https?:\/\/[^\s"']+/g)].map(([address]) => address);
  expect(hosts.filter((address) => address !== 'http://www.w3.org/2000/svg')).toEqual([]);
  if (file !== 'index.html') return;
  expect(text).not.toMatch(/<style|style="|\son\w+="|<script(?![^>]*src=)/);
});

test('what the endpoint says is shown as text: never as markup, and the token never in a URL', () => {
  const script = readFileSync(new URL('app.js', FOLDER), 'utf8');
  expect(script).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|localStorage|location\b/);
  expect(script).toMatch(/authorization: `Bearer \$\{token\}`/);
});
