import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { openBroker } from './broker.ts';
import { type ButtonProcess, startProcess } from './button-process.ts';
import { openEndpoint } from './endpoint-real.ts';
import { until } from './until.ts';

// Each test starts processes, on machines that may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });

const home = mkdtempSync(join(tmpdir(), 'button-state-'));
afterAll(() => rmSync(home, { recursive: true }));

function start(url: string, state: string): Promise<ButtonProcess> {
  return startProcess({ mqtt: { url } }, { STATE_DIRECTORY: join(home, state) });
}

/** Presses while nobody can hear it, and is killed as soon as the press is safe. */
async function pressAndDie(url: string, state: string): Promise<void> {
  await using button = await start(url, state);
  await button.shows('OFFLINE');
  button.press('hold');
  await until('the press is kept', () => existsSync(join(home, state, 'press.json')));
  await button.kill('SIGKILL');
}

test.concurrent('a press survives kill -9, and is one job when the program is back within its deadline', async () => {
  await using broker = await openBroker();
  await broker.away();
  await pressAndDie(broker.url, 'survives');
  await broker.back();
  await using endpoint = await openEndpoint(broker.url);
  await using button = await start(broker.url, 'survives');
  await button.shows('FAILED OVER');
  expect(button.out()).toContain('The failover pressed before the program restarted is still unanswered.');
  expect(await endpoint.jobs()).toMatchObject([{ command: 'failover', status: 'succeeded' }]);
  const [job] = await endpoint.jobs();
  expect(Date.parse(job?.pressedAt ?? '')).toBeLessThan(Date.parse(job?.acceptedAt ?? ''));
  await until('it is forgotten', () => !existsSync(join(home, 'survives', 'press.json')));
});

test.concurrent('a press that the endpoint had heard before the crash is still one job', async () => {
  await using broker = await openBroker();
  await using endpoint = await openEndpoint(broker.url, { gated: true });
  {
    await using button = await start(broker.url, 'heard');
    await button.shows('PRIMARY');
    button.press('hold');
    await until('the press is kept', () => existsSync(join(home, 'heard', 'press.json')));
    await button.kill('SIGKILL');
  }
  endpoint.finishJobs();
  await using button = await start(broker.url, 'heard');
  await button.shows('FAILED OVER');
  expect(await endpoint.jobs()).toMatchObject([{ command: 'failover', status: 'succeeded' }]);
});

test.concurrent('a press does not outlive its deadline in the file: it is dropped visibly, and never sent', async () => {
  await using broker = await openBroker();
  await broker.away();
  await pressAndDie(broker.url, 'late');
  // As if a minute had passed on the kernel's clock.
  const file = join(home, 'late', 'press.json');
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { pressedAtMs: number };
  writeFileSync(file, JSON.stringify({ ...kept, pressedAtMs: kept.pressedAtMs - 60_000 }));
  await broker.back();
  await using endpoint = await openEndpoint(broker.url);
  await using button = await start(broker.url, 'late');
  await button.shows('NOT DELIVERED');
  expect(button.out()).toContain('pressed more than 60 s ago, before the program restarted');
  button.press('click-hold');
  await vi.waitFor(async () => expect((await endpoint.jobs()).length).toBeGreaterThan(0), 30_000);
  expect((await endpoint.jobs()).map(({ command }) => command)).toEqual(['restore']);
});

test.concurrent('a stop that is asked for keeps an unanswered press as well, and says so', async () => {
  await using broker = await openBroker();
  await broker.away();
  await using button = await start(broker.url, 'asked');
  await button.shows('OFFLINE');
  button.press('hold');
  await button.shows('NOT HEARD YET');
  expect(await button.kill('SIGTERM')).toBe(0);
  expect(button.out()).toContain('It is kept, and goes on if the program starts before its deadline.');
  expect(existsSync(join(home, 'asked', 'press.json'))).toBe(true);
});
