import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { dashboardPages } from '../../cloud/dashboard/pages.ts';
import { makeEndpoint, SECRETS, type TestEndpoint } from '../intake/endpoint.ts';
import { type FakePage, openFakePage } from './fake-page.ts';

let endpoint: TestEndpoint;
let page: FakePage;

beforeAll(async () => {
  endpoint = await makeEndpoint({ http: { pages: dashboardPages }, gated: true });
  const url = await endpoint.listen();
  const html = await (await fetch(url)).text();
  const ids = [...html.matchAll(/id="([^"]+)"/g)].map(([, id]) => id ?? '');
  page = openFakePage(url, ids);
  await import(new URL('../../cloud/dashboard/page/app.js', import.meta.url).href);
});
afterAll(async () => {
  page.element('leave').fire('click');
  await endpoint[Symbol.asyncDispose]();
});

function signIn(token: string): void {
  page.element('token').value = token;
  page.element('enter').fire('submit');
}

test('a person signs in, sees each switch, and watches a failover that was started elsewhere', async () => {
  expect(page.element('enter').hidden).toBe(false);
  signIn('a guess');
  await vi.waitFor(() => expect(page.element('wrong').textContent).toMatch(/not that of a token/));
  expect(page.element('enter').hidden).toBe(false);

  signIn(SECRETS.ops);
  await vi.waitFor(() => expect(page.element('link').textContent).toBe('Live.'));
  expect(page.element('enter').hidden).toBe(true);
  expect(page.element('token').value).toBe('');
  expect(page.element('switch-www').text).toMatch(/www \| primary/);
  expect(page.element('switch-api').text).toMatch(/api \| primary/);

  const payload = Buffer.from('failover');
  await endpoint.hear({ topic: 'switches/www/command', payload, retained: false });
  await vi.waitFor(() => expect(page.element('switch-www').text).toMatch(/primary → maintenance.*guard: running/));
  endpoint.gate.open();
  await vi.waitFor(() => expect(page.element('switch-www').text).toMatch(/www \| maintenance/));
  expect(page.element('switch-www').text).toMatch(/Held.*guard: succeeded/);
  expect(page.element('switch-api').text).toMatch(/api \| primary/);

  page.element('leave').fire('click');
  expect(page.element('switches').children).toEqual([]);
  expect(page.element('enter').hidden).toBe(false);
});

test('when the endpoint goes away the page says so, and from when what it shows is', async () => {
  signIn(SECRETS.ops);
  await vi.waitFor(() => expect(page.element('link').textContent).toBe('Live.'));
  await endpoint.http.close();
  await vi.waitFor(() =>
    expect(page.element('link').textContent).toMatch(/What you see is from before .*trying again/),
  );
  expect(page.element('switch-www').text).toMatch(/maintenance/);
});
