import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../house/files.ts';
import { openRoad, type Road } from '../road/road.ts';
import { change, sdkClient, submit } from '../world/route53/client.ts';
import { NAME, PRIMARY_ADDRESS, SWITCH, ZONE } from '../world/world-file.ts';
import {
  atPosition,
  IN_CHROMIUM,
  noChromium,
  openBrowser,
  SLOW,
  pressAndHold,
  signIn,
  visitPage,
  watchPage,
} from './browser.ts';

/** For a person to look at, after a run: each state on a telephone and on a desk, by day and by night. */
const PICTURES = join(ROOT, '.dashover/screenshots');
const SIZES = [
  { width: 390, height: 844 },
  { width: 1_280, height: 800 },
] as const;
const SCHEMES = ['light', 'dark'] as const;
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Looks at the page as it stands: every size and scheme is pictured, and axe finds nothing wrong in either size and either scheme. */
async function look(page: Page, name: string): Promise<void> {
  for (const viewport of SIZES) {
    await page.setViewportSize(viewport);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => scrollTo(0, 0));
      const path = join(PICTURES, `${name}-${viewport.width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true, animations: 'disabled' });
      // Both colours and both sizes, once each: contrast does not change with the size.
      if (viewport.width > 1_000 === (colorScheme === 'dark')) {
        expect(await violations(page), `at ${path}`).toEqual([]);
      }
      const { scroll, inner } = await page.evaluate(() => ({ scroll: document.body.scrollWidth, inner: innerWidth }));
      expect(scroll, `${path} scrolls sideways`).toBeLessThanOrEqual(inner);
    }
  }
}

async function violations(page: Page): Promise<string[]> {
  const found = await page.evaluate(async (rules) => {
    const inPage = globalThis as unknown as { readonly axe: typeof axe };
    return (await inPage.axe.run({ runOnly: rules })).violations;
  }, RULES);
  return found.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((n) => `${n.html} ${n.failureSummary}`).join(' | ')}`,
  );
}

describe.skipIf(noChromium)(`how the page looks, ${IN_CHROMIUM}`, SLOW, () => {
  let road: Road;
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    [road, browser] = await Promise.all([openRoad({ insyncAfterMs: 50 }), openBrowser()]);
  });
  afterEach(async () => {
    await road.world.sites.primary.set({ down: false });
    await road.reset();
  });
  afterAll(async () => {
    await browser?.close();
    await road?.[Symbol.asyncDispose]();
  });

  /** Signed in, with axe at hand: given by hand, because the page itself would not run a stranger's script. */
  const watch = async (locale: string) => {
    const visit = await watchPage(browser, road.world, { locale });
    await visit.page.evaluate(axe.source);
    return visit;
  };

  test.for(['en-GB', 'ja-JP'])('signing in, at primary, moving and failed over, in %s', async (locale) => {
    const two = locale.slice(0, 2);
    await using door = await visitPage(browser, road.world, { locale });
    await door.page.evaluate(axe.source);
    await signIn(door.page, 'a guess');
    await door.page.getByRole('alert').waitFor();
    await look(door.page, `${two}-sign-in`);

    await using visit = await watch(locale);
    const { page } = visit;
    expect(await page.locator('html').getAttribute('lang')).toBe(two);
    await look(page, `${two}-primary`);
    road.world.route53.setInsyncAfter(Infinity);
    await page.locator('.field input').fill(two === 'ja' ? 'デプロイの失敗' : 'deploy went wrong');
    await pressAndHold(page.locator('.hold.failover'));
    await page.locator('.now [data-step=settle].running').waitFor();
    await look(page, `${two}-moving`);
    road.world.route53.settle();
    await atPosition(page, 'maintenance');
    await page.locator('.caches').waitFor();
    await look(page, `${two}-failed-over`);
    expect([...door.wrong, ...visit.wrong]).toEqual([]);
  });

  test('in Japanese every word of the page is: what stays English is marked as such', async () => {
    await using visit = await watch('ja-JP');
    const { page } = visit;
    await page.getByText('フェイルオーバー').first().waitFor();
    await page.getByText('スイッチは primary にあります').or(page.getByText('長押し')).first().waitFor();
    const english = await page.evaluate(() => {
      const words: string[] = [];
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node.parentElement?.closest('[lang=en], noscript, h1, h2, .names, .where, .from-to')) continue;
        words.push(...(node.textContent?.match(/[A-Za-z]{3,}/g) ?? []));
      }
      return words;
    });
    const names = ['primary', 'maintenance', 'www', 'ops', 'API', 'INSYNC', 'UTC', 'dashover'];
    expect(english.filter((word) => !names.includes(word))).toEqual([]);
  });

  test('a question, a refusal, alerts, drift, and no connection', async () => {
    await using visit = await watch('en-GB');
    const { page } = visit;
    await pressAndHold(page.locator('.hold.failover'));
    await atPosition(page, 'maintenance');
    const alert = { transition: 'Triggered', monitor_id: '1', title: 'Web is down' };
    await road.api(`/webhooks/datadog/${SWITCH}`, alert, road.world.file.tokens.datadog);
    await page.locator('.alerts').waitFor();
    await page.getByRole('button', { name: 'Hold switch…' }).click();
    await page.getByRole('dialog').waitFor();
    await look(page, 'en-question');
    await page.getByRole('button', { name: 'Back' }).click();

    await road.world.sites.primary.set({ down: true });
    await pressAndHold(page.locator('.hold.restore'));
    await page.getByText('Restore all the same').waitFor();
    await look(page, 'en-refused');

    const sdk = sdkClient(road.world.file.route53);
    await road.kill();
    await page.getByRole('alert').filter({ hasText: 'No connection since' }).waitFor();
    await look(page, 'en-lost');
    const found = road.records();
    const cname = found.find(({ name, type }) => name.startsWith(NAME) && type === 'CNAME');
    expect(cname).toBeDefined();
    await submit(
      sdk,
      ZONE.id,
      change('DELETE', NAME, 'CNAME', ['maintenance.example.test']),
      change('CREATE', NAME, 'A', ['192.0.2.66']),
    );
    await road.start();
    await atPosition(page, 'drifted');
    await look(page, 'en-drifted');
    await road.world.sites.primary.set({ down: false });
    await pressAndHold(page.locator('.hold.restore').filter({ hasText: 'overwrites the records that are there now' }));
    await atPosition(page, 'primary');
    expect(
      road
        .records()
        .filter(({ type }) => type === 'A')
        .map(({ values }) => values),
    ).toContainEqual([PRIMARY_ADDRESS]);
    await road.api(`/api/switches/${SWITCH}/alerts/clear`, { key: (await road.state()).alerts[0]?.key });
  });

  test('the history, the journal and the buttons', async () => {
    await using visit = await watch('en-GB');
    const { page } = visit;
    await road.say({ online: true, session: 'a', version: '1.2.3' }, 'devices/lobby/presence');
    const drilled = await road.ask({ command: 'drill', id: 'look-1' }, 'devices/lobby/command');
    await road.ended(drilled.id);
    await page.getByRole('link', { name: 'History' }).click();
    const rows = page.locator('.history > li');
    await rows.first().locator('summary').first().click();
    await look(page, 'en-history');
    await page.getByRole('button', { name: 'Journal' }).click();
    await page.locator('.entry').first().waitFor();
    await look(page, 'en-journal');
    await page.getByRole('link', { name: 'Buttons' }).click();
    await page.locator('.chip.online').waitFor();
    await look(page, 'en-buttons');
    expect(visit.wrong).toEqual([]);
  });
});
