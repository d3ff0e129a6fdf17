import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import type { World } from '../world/world.ts';

const PROGRAM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

/** What a skipped suite is called, so that its name says how it would run. */
export const IN_CHROMIUM = `in Chromium${PROGRAM === undefined ? ': it is not on this machine: apt-get install chromium' : ''}`;

/** Whether it must be skipped; with DASHOVER_REQUIRE_SERVICES nothing is, and what is missing fails. */
export const noChromium = PROGRAM === undefined && process.env['DASHOVER_REQUIRE_SERVICES'] === undefined;

/** A browser beside many other tests takes its time. */
export const SLOW = { timeout: 120_000 };

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const WAIT_MS_MAX = 15_000;

export function openBrowser(): Promise<Browser> {
  if (PROGRAM === undefined) throw new Error('Chromium is not on this machine: apt-get install chromium');
  return chromium.launch({ executablePath: PROGRAM, args: FLAGS });
}

export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Everything that the page logged or threw, and every request to another host: none of it should be. */
  readonly wrong: readonly string[];
}

/** A visitor with nothing remembered, at the page, not signed in. */
export async function visitPage(browser: Browser, world: World, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 390, height: 844 }, ...options });
  context.setDefaultTimeout(WAIT_MS_MAX);
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('console', (message) => {
    // A refusal and a lost connection are noted by the browser itself, whatever the page does about them.
    const isNetwork = message.text().startsWith('Failed to load resource');
    if (['error', 'warning'].includes(message.type()) && !isNetwork) wrong.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${world.file.http}/`)) wrong.push(`asked ${request.url()}`);
    if (request.url().includes(world.file.tokens.ops)) wrong.push('the token is in a URL');
  });
  await page.goto(`${world.file.http}/`);
  await page.locator('input[type=password]').waitFor();
  return { page, wrong, [Symbol.asyncDispose]: () => context.close() };
}

export async function signIn(page: Page, token: string): Promise<void> {
  await page.locator('input[type=password]').fill(token);
  await page.keyboard.press('Enter');
}

/** A visitor who is signed in and sees the switch. */
export async function watchPage(browser: Browser, world: World, options: BrowserContextOptions = {}): Promise<Visit> {
  const visit = await visitPage(browser, world, options);
  await signIn(visit.page, world.file.tokens.ops);
  await visit.page.locator('.connection.live').waitFor();
  return visit;
}

/** Until the switch is drawn there. */
export async function atPosition(page: Page, position: string): Promise<void> {
  await page.locator(`[data-position="${position}"]`).waitFor();
}

/** Presses with the mouse until the button says that it may be let go, and does not let go. */
export async function pressUntilArmed(button: Locator): Promise<void> {
  await button.scrollIntoViewIfNeeded();
  const box = await button.boundingBox();
  if (!box) throw new Error('the button is not to be seen');
  const { mouse } = button.page();
  await mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await mouse.down();
  await button.and(button.page().locator('.armed')).waitFor();
}

export async function pressAndHold(button: Locator): Promise<void> {
  await pressUntilArmed(button);
  await button.page().mouse.up();
}
