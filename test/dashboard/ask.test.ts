import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openRoad, type Road } from '../road/road.ts';
import { SWITCH } from '../world/world-file.ts';
import {
  atPosition,
  IN_CHROMIUM,
  noChromium,
  openBrowser,
  SLOW,
  pressAndHold,
  pressUntilArmed,
  watchPage,
} from './browser.ts';

const failover = (page: Page): Locator => page.locator('.hold.failover');
const restore = (page: Page): Locator => page.locator('.hold.restore');
const dialog = (page: Page): Locator => page.getByRole('dialog');
/** How a button is drawn: its border and its ground. */
const looks = (button: Locator): Promise<string[]> =>
  button.evaluate((element) => [getComputedStyle(element).borderStyle, getComputedStyle(element).backgroundColor]);

describe.skipIf(noChromium)(`what is asked on the page, ${IN_CHROMIUM}`, SLOW, () => {
  let road: Road;
  let browser: Browser;
  beforeAll(async () => {
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

  test('a short click, a finger that slides away and Escape send nothing, and say so', async () => {
    await using visit = await watchPage(browser, road.world);
    const { page } = visit;
    const before = await road.jobs();
    await failover(page).click();
    await page.getByText('That was too short: nothing was sent.').waitFor();

    await pressUntilArmed(failover(page));
    await page.mouse.move(5, 5);
    await page.mouse.up();
    await page.getByText('Stopped: nothing was sent.').waitFor();

    await failover(page).focus();
    await page.keyboard.down('Space');
    await page.locator('.hold.failover.armed').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.up('Space');
    await page.locator('.hold.failover.idle').waitFor();
    expect(await road.jobs()).toEqual(before);
    expect((await road.state()).position).toBe('primary');
    expect(visit.wrong).toEqual([]);
  });

  test('pressed for a second and let go, a failover and a restore run to their end, with the reason, as the dashboard’s', async () => {
    await using visit = await watchPage(browser, road.world);
    const { page } = visit;
    await page.getByLabel('Reason (optional, everybody sees it)').fill('deploy went wrong');
    await pressUntilArmed(failover(page));
    expect((await road.state()).position, 'nothing happens while it is pressed').toBe('primary');
    await page.mouse.up();
    await atPosition(page, 'maintenance');
    await page.getByText('“deploy went wrong”').first().waitFor();
    expect((await road.jobs())[0]).toMatchObject({
      command: 'failover',
      reason: 'deploy went wrong',
      trigger: { kind: 'dashboard', actor: 'ops', id: expect.stringMatching(/^page-/) as string },
    });
    await pressAndHold(restore(page));
    await atPosition(page, 'primary');
    await page.getByText(/^Last job: Restore maintenance →.primary, succeeded/).waitFor();
    expect(visit.wrong).toEqual([]);
  });

  test('on a telephone: a finger presses for a second and lifts, and one that begins to scroll sends nothing', async () => {
    const touch = { hasTouch: true, isMobile: true };
    await using visit = await watchPage(browser, road.world, touch);
    const { page } = visit;
    const finger = await page.context().newCDPSession(page);
    await failover(page).scrollIntoViewIfNeeded();
    const box = await failover(page).boundingBox();
    const at = { x: (box?.x ?? 0) + 60, y: (box?.y ?? 0) + 30 };
    const touches = (type: 'touchStart' | 'touchMove' | 'touchEnd', points: { x: number; y: number }[]) =>
      finger.send('Input.dispatchTouchEvent', { type, touchPoints: points });
    await touches('touchStart', [at]);
    for (const up of [20, 60, 100, 140]) await touches('touchMove', [{ x: at.x, y: at.y - up }]);
    await touches('touchEnd', []);
    await page.locator('.hold.failover.idle').waitFor();
    expect((await road.state()).position).toBe('primary');

    await failover(page).scrollIntoViewIfNeeded();
    const again = await failover(page).boundingBox();
    await touches('touchStart', [{ x: (again?.x ?? 0) + 60, y: (again?.y ?? 0) + 30 }]);
    await page.locator('.hold.failover.armed').waitFor();
    await touches('touchEnd', []);
    await atPosition(page, 'maintenance');
    expect(visit.wrong).toEqual([]);
  });

  test('by keyboard: held with Space, or confirmed in two steps without holding', async () => {
    await using visit = await watchPage(browser, road.world);
    const { page } = visit;
    await failover(page).focus();
    await page.keyboard.down('Space');
    await page.locator('.hold.failover.armed').waitFor();
    await page.keyboard.up('Space');
    await atPosition(page, 'maintenance');

    await page
      .getByRole('button', { name: /^Without pressing long… Restore www maintenance → primary/ })
      .press('Enter');
    await dialog(page).getByText('maintenance → primary').waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    // A screen reader's click comes from no finger and no key: it asks, too.
    await restore(page).evaluate((button) => (button as HTMLButtonElement).click());
    await dialog(page).getByRole('button', { name: 'Restore' }).press('Enter');
    await atPosition(page, 'primary');
    expect(visit.wrong).toEqual([]);
  });

  test('nothing is drawn that the endpoint has not confirmed: sent is not moved', async () => {
    await using visit = await watchPage(browser, road.world);
    const { page } = visit;
    const answer = Promise.withResolvers<void>();
    await page.route('**/failover', async (route) => {
      await answer.promise;
      await route.continue();
    });
    await pressAndHold(failover(page));
    await page.getByText('Failover primary → maintenance: sent, not answered yet.').waitFor();
    await page.locator('.hold[aria-disabled=true]').first().waitFor();
    await atPosition(page, 'primary');
    expect(await page.locator('.now').count()).toBe(0);
    answer.resolve();
    await atPosition(page, 'maintenance');
  });

  test('a command whose answers are lost is sent again under the same id, and is one job', async () => {
    await using visit = await watchPage(browser, road.world);
    const { page } = visit;
    const ids: unknown[] = [];
    await page.route('**/failover', async (route) => {
      ids.push((route.request().postDataJSON() as { id: string }).id);
      // The first never arrives; the second does, and its answer is lost.
      if (ids.length === 2) await route.fetch();
      if (ids.length <= 2) await route.abort();
      else await route.continue();
    });
    const before = (await road.jobs()).length;
    await pressAndHold(failover(page));
    await atPosition(page, 'maintenance');
    await page.locator('.asked').waitFor({ state: 'detached' });
    expect(ids.length).toBeGreaterThanOrEqual(3);
    expect(new Set(ids).size).toBe(1);
    expect((await road.jobs()).length).toBe(before + 1);
  });

  test('a drill looks like no other, and changes nothing', async () => {
    await using visit = await watchPage(browser, road.world);
    const { page } = visit;
    const drill = page.locator('.hold.drill');
    expect(await looks(drill)).not.toEqual(await looks(failover(page)));
    const batches = road.batches().length;
    await pressAndHold(drill);
    await page.getByText(/^Last job: Drill .*, succeeded/).waitFor();
    await atPosition(page, 'primary');
    expect(road.batches().length).toBe(batches);
  });

  test('a restore that the probe stops says why, and can be sent over it by name', async () => {
    await using visit = await watchPage(browser, road.world);
    const { page } = visit;
    await pressAndHold(failover(page));
    await atPosition(page, 'maintenance');
    await road.world.sites.primary.set({ down: true });
    await pressAndHold(restore(page));
    await page.getByText('Restore all the same').waitFor();
    const over = restore(page).filter({ hasText: 'although primary does not answer its probe' });
    await page.locator('.error').filter({ hasText: 'primary does not answer as it should' }).first().waitFor();
    await atPosition(page, 'maintenance');
    await pressAndHold(over);
    await atPosition(page, 'primary');
    expect((await road.jobs())[0]).toMatchObject({ command: 'restore', status: 'succeeded' });
  });

  test('hold, release, cancel, and an alert that is cleared: each asked once more, each told as the endpoint tells it', async () => {
    await using visit = await watchPage(browser, road.world);
    const { page } = visit;
    await page.getByRole('button', { name: 'Hold switch…' }).click();
    await dialog(page).getByLabel('Reason (optional, everybody sees it)').fill('release day');
    await dialog(page).getByLabel('For how long').selectOption('1h');
    await dialog(page).getByRole('button', { name: 'Hold it' }).click();
    await page
      .locator('.owner')
      .filter({ hasText: /Held by ops.*until .*(59|60) min|Held by ops.*until .*1 h/ })
      .waitFor();
    expect((await road.state()).hold).toMatchObject({
      by: expect.stringContaining('ops') as string,
      reason: 'release day',
    });

    const body = { transition: 'Triggered', monitor_id: '1', title: 'Web is down' };
    await road.api(`/webhooks/datadog/${SWITCH}`, body, road.world.file.tokens.datadog);
    await page.getByRole('button', { name: 'Clear… Web is down' }).click();
    await dialog(page).getByRole('button', { name: 'Clear it' }).click();
    await page.locator('.alerts').waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'Release switch…' }).click();
    await dialog(page).getByRole('button', { name: 'Release it' }).click();
    await page.locator('.owner').waitFor({ state: 'detached' });
    expect(await road.state()).toMatchObject({ hold: null, alerts: [] });

    road.world.route53.weather({ kind: 'throttling', forMs: 60_000 });
    await pressAndHold(failover(page));
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await dialog(page).getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByText(/^Last job: Failover .*, cancelled/).waitFor();
    expect(visit.wrong).toEqual([]);
  });

  test('the history has each job with its steps and each line of the journal, and can be narrowed', async () => {
    await using visit = await watchPage(browser, road.world);
    const { page } = visit;
    await pressAndHold(failover(page));
    await atPosition(page, 'maintenance');
    await page.getByRole('link', { name: 'History' }).click();
    const rows = page.locator('.history > li');
    await rows.first().getByText('Failover').first().waitFor();
    await rows.first().locator('summary').first().click();
    await rows.first().locator('[data-step=verify].succeeded').waitFor();
    await page.getByLabel('Status').selectOption('failed');
    await page.getByText('Nothing here.').waitFor();
    await page.getByRole('button', { name: 'Journal' }).click();
    await rows
      .first()
      .getByText(/www moved from primary to maintenance/)
      .waitFor();
    await page.getByLabel('Words').fill('words that nobody said');
    await page.getByText('Nothing here.').waitFor();

    await page.getByRole('link', { name: 'Buttons' }).click();
    await page.getByText('lobby').waitFor();
    expect(visit.wrong).toEqual([]);
  });
});
