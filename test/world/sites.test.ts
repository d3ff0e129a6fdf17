import { expect, test } from 'vitest';
import { startSites } from './sites.ts';

test('the primary answers 200, the maintenance page 503 with Retry-After, both with an honest page', async () => {
  await using sites = await startSites();
  const primary = await fetch(sites.primary.url);
  expect([primary.status, primary.headers.get('retry-after')]).toEqual([200, null]);
  expect(await primary.text()).toContain('primary site');
  const maintenance = await fetch(`${sites.maintenance.url}/any/path`, { method: 'POST', body: 'x' });
  expect([maintenance.status, maintenance.headers.get('retry-after')]).toEqual([503, '120']);
  expect(await maintenance.text()).toContain('answers 503');
  expect((await fetch(sites.primary.url, { method: 'HEAD' })).status).toBe(200);
  expect([sites.primary.hits, sites.maintenance.hits]).toEqual([2, 1]);
});

test('a site that is down refuses connections, and comes back on the same port', async () => {
  await using sites = await startSites();
  await fetch(sites.primary.url);
  await sites.primary.set({ down: true });
  await sites.primary.set({ down: true });
  expect(sites.primary.isDown).toBe(true);
  await expect(fetch(sites.primary.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  expect((await fetch(sites.maintenance.url)).status).toBe(503);
  await sites.primary.set({ down: false });
  expect((await fetch(sites.primary.url)).status).toBe(200);
});

test('ports that are taken are replaced', async () => {
  await using first = await startSites();
  await using second = await startSites({
    ports: { primary: first.primary.port, maintenance: first.maintenance.port },
  });
  expect(second.primary.port).not.toBe(first.primary.port);
  expect((await fetch(second.maintenance.url)).status).toBe(503);
});
