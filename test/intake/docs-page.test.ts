import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IN_CHROMIUM, noChromium, openBrowser } from '../dashboard/browser.ts';
import { makeEndpoint, SECRETS, type TestEndpoint } from './endpoint.ts';

/** A script of 1.5 MB takes its time on a machine that has other things to do. */
const SLOW_MS = 45_000;

describe.skipIf(noChromium)(`the page of the API, ${IN_CHROMIUM}`, () => {
  let browser: Browser;
  let endpoint: TestEndpoint;
  let url: string;

  beforeAll(async () => {
    endpoint = await makeEndpoint();
    url = await endpoint.listen();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await endpoint[Symbol.asyncDispose]();
  });

  test(
    'shows every route, asks nobody else, breaks no rule of its policy, and tries a route with a token',
    async () => {
      const page = await browser.newPage();
      page.setDefaultTimeout(SLOW_MS);
      const wrong: string[] = [];
      page.on('pageerror', (error) => wrong.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error') wrong.push(message.text());
      });
      page.on('request', (request) => {
        if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('data:')) wrong.push(request.url());
      });
      await page.goto(`${url}/docs`);
      await page.locator('.opblock').first().waitFor();
      const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
      const described = Object.values(paths).flatMap((methods) => Object.keys(methods));
      expect(await page.locator('.opblock').count()).toBe(described.length);

      await page.getByRole('button', { name: 'Authorize' }).first().click();
      await page.locator('.auth-container input').first().fill(SECRETS.ops);
      await page.locator('.auth-btn-wrapper .authorize').first().click();
      await page.locator('.btn-done').first().click();
      const list = page.locator('#operations-switches-listSwitches');
      await list.locator('.opblock-summary-control').click();
      await list.getByRole('button', { name: 'Try it out' }).click();
      await list.getByRole('button', { name: 'Execute' }).click();
      await expect
        .poll(() => list.locator('.live-responses-table .response-col_status').last().innerText(), { timeout: SLOW_MS })
        .toBe('200');
      expect(wrong).toEqual([]);
    },
    SLOW_MS * 2,
  );
});
