import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Lamp } from '../../device/core/lamp-signal.ts';
import { patternOf } from '../../device/core/lamp-pattern.ts';
import { until } from '../device/until.ts';
import { startWorld, type World } from '../world/world.ts';
import { runInGuest, runStopLine, startInGuest, type GuestButton } from './button.ts';
import { addChip, removeChips, shell, type SimulatedChip } from './chip.ts';
import { makeEye } from './eye.ts';
import { prepareKernel } from './kernel.ts';
import { bootMachine, type Level, type Machine } from './machine.ts';
import { gpioMissing } from './missing.ts';

/** Of the slowest of machines, with others at work on it. */
const WAIT_MS_MAX = 180_000;
const FILE = '/button/button.yaml';
const LAMPS = {
  primary: { name: 'primary', text: '' },
  moving: { name: 'moving', text: '' },
  maintenance: { name: 'maintenance', text: '' },
  fault: { name: 'fault', text: '' },
} satisfies Record<string, Lamp>;

const down = (ms: number): Level => ({ level: 'pull-down', ms });
const up = (ms: number): Level => ({ level: 'pull-up', ms });

if (gpioMissing !== undefined) process.stderr.write(`${gpioMissing}\n`);

describe.skipIf(gpioMissing !== undefined)('on a real chip of a real kernel', () => {
  const eye = makeEye();
  const parts = new AsyncDisposableStack();
  let world: World;
  let machine: Machine;
  let chip: SimulatedChip;
  let button: GuestButton;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dashover-gpio-'));
    parts.defer(() => rmSync(folder, { recursive: true }));
    // Long enough to see a light that tells of the change.
    world = parts.use(await startWorld({ folder, ports: 'any', insyncAfterMs: 5_000 }));
    machine = parts.use(await bootMachine(prepareKernel()));
    machine.told.on('told', (told) => told.told === 'levels' && eye.see(told.atMs, told.levels));
    await shell(machine, 'mkdir /button');
    // As on a Pi 5 with the kernel of 2024: four other chips come first.
    for (const at of [0, 1, 2, 3]) await addChip(machine, `other${at}`, 'gpio-brcmstb', 32);
    chip = await addChip(machine, 'header', 'pinctrl-rp1', 54);
    await watchLeds();
    await configure('{ line: 17, pressed: low, bias: pull-up }');
    button = await startInGuest(machine, ['run', '--config', FILE]);
    await sees(LAMPS.primary);
  }, 600_000);

  afterAll(() => parts.disposeAsync(), 60_000);

  const LEDS = [27, 22, 24] as const;
  const watchLeds = (): Promise<unknown> => machine.ask({ do: 'sample', paths: LEDS.map((line) => chip.value(line)) });
  const ledLevels = async (): Promise<string> => {
    const levels = await Promise.all(LEDS.map((line) => machine.ask({ do: 'read', path: chip.value(line) })));
    return levels.map((level) => String(level).trim()).join('');
  };

  function configure(line: string): Promise<unknown> {
    const port = new URL(world.file.mqtt).port;
    const text = `device: ${world.file.device}
switch: ${world.file.switch}
mqtt: { url: 'mqtt://10.0.2.2:${port}' }
input: gpio
buttons: [${line}]
leds: { red: 27, green: 22, blue: 24 }
`;
    return machine.ask({ do: 'write', path: FILE, text });
  }

  async function sees(lamp: Lamp): Promise<void> {
    eye.blink();
    const pattern = patternOf(lamp);
    await until(pattern.word, () => eye.plays(pattern), WAIT_MS_MAX).catch((error: unknown) => {
      throw new Error(`${String(error)} Seen: ${eye.text()}. The button said:\n${button.text()}`);
    });
  }

  const jobs = async (): Promise<readonly string[]> => {
    const { jobs } = (await ask('/api/jobs')) as { jobs: { command: string }[] };
    return jobs.map(({ command }) => command);
  };

  const faultTold = async (): Promise<string | null> => {
    const { devices } = (await ask('/api/devices')) as { devices: { device: string; fault: string | null }[] };
    return devices.find(({ device }) => device === world.file.device)?.fault ?? null;
  };

  async function ask(path: string): Promise<unknown> {
    const headers = { authorization: `Bearer ${world.file.tokens.ops}` };
    return (await fetch(world.file.http + path, { headers })).json();
  }

  function publishes(what: RegExp | null): Promise<void> {
    const look = async (): Promise<void> => {
      const fault = await faultTold();
      if (what === null) expect(fault).toBeNull();
      else expect(fault).toMatch(what);
    };
    return vi.waitFor(look, { timeout: WAIT_MS_MAX, interval: 200 });
  }

  async function dig(): Promise<string> {
    const [host = '', port = ''] = world.file.dns.split(':');
    // Not waited for where this stands: the name server is in this very process.
    const { stdout } = await promisify(execFile)('dig', ['+short', `@${host}`, '-p', port, world.file.name, 'A']);
    return stdout;
  }

  /** A gesture, again when the emulated machine was so slow that a click was none. */
  async function finger(...levels: readonly Level[]): Promise<void> {
    for (;;) {
      const lasted = await chip.strip(17, [...levels, up(1)]);
      if (levels.every(({ ms }, at) => ms >= 350 || (lasted[at] ?? 0) < 300)) return;
    }
  }

  test('twenty edges at 1 ms mean nothing: no command, and the lamp goes on as it was', async () => {
    const bounce = Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? down(1) : up(1)));
    for (;;) {
      const before = button.text().length;
      const lasted = await chip.strip(17, [...bounce, up(20)]);
      await sees(LAMPS.primary);
      // A machine that stood still in the middle has made a press of it.
      if (lasted.slice(0, 20).some((ms) => ms > 5)) continue;
      expect(button.text().slice(before)).toBe('');
      break;
    }
    expect(await jobs()).toEqual([]);
  });

  test('a hold on the line moves the switch: dig sees it, and the LEDs show moving and then maintenance', async () => {
    await finger(down(1_300));
    await sees(LAMPS.moving);
    await sees(LAMPS.maintenance);
    expect(await dig()).toBe('maintenance.example.test.\n192.0.2.20\n');
    expect(await jobs()).toEqual(['failover']);
  });

  test('a click and a hold bring it back', async () => {
    while ((await jobs())[0] !== 'restore') {
      await finger(down(100), up(100), down(1_300));
      await sees(LAMPS.moving).catch(() => undefined);
    }
    await sees(LAMPS.primary);
    expect(await dig()).toBe('192.0.2.10\n');
  });

  test('a finger let go too early commands nothing', async () => {
    const before = await jobs();
    await chip.strip(17, [down(600), up(1)]);
    await until('the reason', () => button.text().includes('No command: let go after '), WAIT_MS_MAX);
    expect(await jobs()).toEqual(before);
  });

  test('a line that stays down is a fault, shown by the LEDs and published, and commands nothing when it is freed', async () => {
    const before = await jobs();
    await chip.pull(17, 'pull-down');
    await sees(LAMPS.fault);
    await publishes(/has been down for more than 10 s/);
    await chip.pull(17, 'pull-up');
    await sees(LAMPS.primary);
    await publishes(null);
    expect(await jobs()).toEqual(before);
  });

  test('lines that are held are told with their holder, and a user outside of the group is told the remedy', async () => {
    const second = await runInGuest(machine, ['run', '--config', FILE]);
    expect(second).toMatchObject({ code: 1 });
    expect(second.text).toMatch(/Line 27 \(GPIO27\) of \/dev\/gpiochip4 is held by another dashover-button/);
    const stranger = await runInGuest(machine, ['dark', '--config', FILE], 65_534);
    expect(stranger).toMatchObject({ code: 1 });
    expect(stranger.text).toMatch(/may not use \/dev\/gpiochip4: add it to the group gpio with "sudo usermod/);
  });

  test('kill -9 leaves a light on, as on a Pi, and the stop line of the unit turns it off', async () => {
    // Frozen while it is lit, so that no darkness comes in between.
    for (;;) {
      await until('light', () => eye.lit().length > 0, WAIT_MS_MAX);
      await button.kill('SIGSTOP');
      if ((await ledLevels()) === '010') break;
      await button.kill('SIGCONT');
    }
    await button.kill('SIGKILL');
    expect(await button.ended).toBe('SIGKILL');
    expect(await ledLevels()).toBe('010');
    expect(await runStopLine(machine, FILE)).toEqual({ code: 0, text: '' });
    expect(await ledLevels()).toBe('000');
  });

  test('a line that is down at the start is a fault until it is let go, and never a command', async () => {
    const before = await jobs();
    // A bias would pull the simulated line up, finger or not.
    await configure('{ line: GPIO17, pressed: low, bias: none }');
    await chip.pull(17, 'pull-down');
    button = await startInGuest(machine, ['run', '--config', FILE]);
    await sees(LAMPS.fault);
    await publishes(/was down when its line was first read/);
    await chip.pull(17, 'pull-up');
    await sees(LAMPS.primary);
    expect(await jobs()).toEqual(before);
  });

  test('a chip that is taken out is a fault in words, and one that comes back is read again', async () => {
    const before = await jobs();
    await chip.takeOut();
    await publishes(/cannot be read any more: the chip is gone|There is no GPIO chip/);
    chip = await chip.putBack();
    await watchLeds();
    await chip.pull(17, 'pull-up');
    await sees(LAMPS.primary);
    await publishes(null);
    expect(await jobs()).toEqual(before);
  });

  test('SIGTERM ends it at once, dark, and gives the lines back', async () => {
    await button.kill('SIGTERM');
    expect(await button.ended).toBe(0);
    expect(await ledLevels()).toBe('000');
    expect(await runInGuest(machine, ['dark', '--config', FILE])).toEqual({ code: 0, text: '' });
  });

  test('check tells of the chip and of each line, and lights one LED after the other', async () => {
    eye.blink();
    const check = await runInGuest(machine, ['check', '--no-drill', '--config', FILE]);
    expect(check.text).toMatch(/ok +chip +\/dev\/gpiochip\d+, pinctrl-rp1\.\n/);
    expect(check.text).toMatch(/ok +button 1 +Line GPIO17 is up\.\n/);
    expect(await ledLevels()).toBe('000');
    await until('dark', () => eye.lit().length === 0);
    expect(eye.all()).toEqual(['red', 'green', 'blue']);
  });

  test.for([
    ['pinctrl-rp1', 0],
    ['pinctrl-rp1', 13],
    ['pinctrl-bcm2711', 1],
    ['pinctrl-bcm2835', 0],
  ] as const)('the header is found by its label %s behind %i other chips', async ([label, others]) => {
    await removeChips(machine);
    for (let at = 0; at < others; at += 1) await addChip(machine, `other${at}`, 'gpio-brcmstb', 32);
    const header = await addChip(machine, 'header', label, 54);
    // A number may be missing: this kernel does not give back the one of a chip that was taken out while in use.
    expect(Number(/\d+$/.exec(header.path)?.[0])).toBeGreaterThanOrEqual(others);
    await header.pull(27, 'pull-up');
    expect(await machine.ask({ do: 'read', path: header.value(27) })).toBe('1\n');
    expect(await runInGuest(machine, ['dark', '--config', FILE])).toEqual({ code: 0, text: '' });
    expect(await machine.ask({ do: 'read', path: header.value(27) })).toBe('0\n');
  });
});
