import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { openRoad, type Road } from '../road/road.ts';
import { change, sdkClient, submit } from '../world/route53/client.ts';
import { NAME, PRIMARY_ADDRESS, ZONE } from '../world/world-file.ts';
import { atPosition, IN_CHROMIUM, noChromium, openBrowser, SLOW, signIn, visitPage, watchPage } from './browser.ts';

const BYTES_MAX = 100_000;

describe.skipIf(noChromium)(`the page, ${IN_CHROMIUM}`, SLOW, () => {
  let road: Road;
  let browser: Browser;
  beforeAll(async () => {
    [road, browser] = await Promise.all([openRoad({ insyncAfterMs: 50 }), openBrowser()]);
  });
  afterEach(() => road.reset());
  afterAll(async () => {
    await browser?.close();
    await road?.[Symbol.asyncDispose]();
  });

  test('a wrong token is told so; the right one is remembered by this tab until it is signed out', async () => {
    await using visit = await visitPage(browser, road.world);
    const { page } = visit;
    await signIn(page, 'a guess');
    await page.getByRole('alert').filter({ hasText: 'not that of a token' }).waitFor();
    await signIn(page, road.world.file.tokens.ops);
    await atPosition(page, 'primary');
    await page.reload();
    await atPosition(page, 'primary');
    expect(await page.evaluate(() => [document.cookie, localStorage.length])).toEqual(['', 0]);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.reload();
    await page.locator('input[type=password]').waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    expect(visit.wrong).toEqual([]);
  });

  test('a failover that was started elsewhere appears step by step, and then the bar of the caches', async () => {
    await using visit = await watchPage(browser, road.world);
    const { page } = visit;
    road.world.route53.setInsyncAfter(Infinity);
    await road.say('failover');
    await atPosition(page, 'moving');
    await page.getByText('primary → maintenance').first().waitFor();
    for (const step of ['guard', 'read', 'plan', 'change']) {
      await page.locator(`.now [data-step=${step}].succeeded`).waitFor();
    }
    await page.locator('.now [data-step=settle].running').waitFor();
    expect(await page.locator('.now [data-step=verify]').count()).toBe(0);
    road.world.route53.settle();
    await atPosition(page, 'maintenance');
    await page.locator('.now').waitFor({ state: 'detached' });
    await page.getByText(/Caches may show the old answer for (1:00|0:\d\d)/).waitFor();
    await page.getByText(/^Held by/).waitFor();
    expect(await page.title()).toContain('⚠ www');
    expect(visit.wrong).toEqual([]);
  });

  test('a lost connection is said, nothing can be sent meanwhile, and it comes back by itself with what happened', async () => {
    await using visit = await watchPage(browser, road.world);
    const { page } = visit;
    await road.kill();
    await page
      .getByRole('alert')
      .filter({ hasText: /No connection since .* What you see is from before then/ })
      .waitFor();
    await page.locator('main.lost .hold[aria-disabled=true]').first().waitFor();
    await atPosition(page, 'primary');
    // Somebody else's hands, while nobody looked: the page learns of it when the endpoint does.
    const sdk = sdkClient(road.world.file.route53);
    const swap = (from: string, to: string) =>
      submit(sdk, ZONE.id, change('DELETE', NAME, 'A', [from]), change('CREATE', NAME, 'A', [to]));
    await swap(PRIMARY_ADDRESS, '192.0.2.66');
    await road.start();
    await page.locator('.connection.live').waitFor();
    await atPosition(page, 'drifted');
    await page.getByRole('alert').filter({ hasText: '192.0.2.66' }).waitFor();
    await swap('192.0.2.66', PRIMARY_ADDRESS);
    await road.kill();
    await road.start();
    await atPosition(page, 'primary');
    expect(visit.wrong).toEqual([]);
  });

  test('the first look, and all switches after signing in, cost less than 100 KB on the wire', async () => {
    await using visit = await visitPage(browser, road.world);
    const { page } = visit;
    const wire = await page.context().newCDPSession(page);
    let bytes = 0;
    wire.on('Network.dataReceived', ({ encodedDataLength }) => (bytes += encodedDataLength));
    wire.on('Network.responseReceived', ({ response }) => (bytes += response.encodedDataLength));
    await wire.send('Network.enable');
    await wire.send('Network.setCacheDisabled', { cacheDisabled: true });
    await page.reload({ waitUntil: 'networkidle' });
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(BYTES_MAX);
    await signIn(page, road.world.file.tokens.ops);
    await atPosition(page, 'primary');
    expect(bytes).toBeLessThan(BYTES_MAX);
  });

  test("another site's page can neither command nor frame this one", async () => {
    const { http, tokens } = road.world.file;
    const before = await road.jobs();
    const other = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(
        `<form method="post" action="${http}/api/switches/www/failover"></form><iframe src="${http}/"></iframe>`,
      );
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      await page.goto(`http://localhost:${(other.address() as AddressInfo).port}/`);
      const said = await page.evaluate(
        async ([url, token]) => {
          const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
          const ask = (init: RequestInit) => fetch(`${url}/api/switches/www/failover`, init).then(String, String);
          return Promise.all([ask({ method: 'POST', headers, body: '{}' }), ask({ method: 'POST', body: 'failover' })]);
        },
        [http, tokens.ops] as const,
      );
      expect(said).toEqual(['TypeError: Failed to fetch', 'TypeError: Failed to fetch']);
      expect(page.frames().map((frame) => frame.url())).not.toContain(`${http}/`);
      const sent = page.waitForResponse((response) => response.request().method() === 'POST');
      await page.locator('form').evaluate((form) => (form as HTMLFormElement).submit());
      expect((await sent).status()).toBe(403);
      expect(await road.jobs()).toEqual(before);
    } finally {
      await context.close();
      other.close();
    }
  });
});
