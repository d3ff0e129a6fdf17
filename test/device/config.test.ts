import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { wiringOf } from '../../device/config/gpio.ts';
import { ConfigProblems } from '../../device/config/problems.ts';
import { type Overrides, readButtonConfig, readLedConfig } from '../../device/config/read.ts';

const folder = mkdtempSync(join(tmpdir(), 'button-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'button.yaml');

function read(
  yaml: string,
  env: Record<string, string> = {},
  flags: Overrides = {},
): ReturnType<typeof readButtonConfig> {
  writeFileSync(file, yaml);
  return readButtonConfig(file, flags, env);
}

function problems(yaml: string, env: Record<string, string> = {}): string {
  try {
    read(yaml, env);
  } catch (error) {
    if (error instanceof ConfigProblems) return error.message.replaceAll(folder, '');
    throw error;
  }
  return 'none';
}

const withPassword = (password: string): string =>
  `device: lobby\nswitch: www\nmqtt: { url: 'mqtt://b', password: ${password} }\n`;

const BASE = 'device: lobby\nswitch: www\nmqtt:\n  url: mqtt://127.0.0.1:1883\n';

describe('button.yaml', () => {
  test('needs only a device, a switch and a broker', () => {
    expect(read(BASE)).toEqual({
      device: 'lobby',
      switch: 'www',
      mqtt: { url: 'mqtt://127.0.0.1:1883', prefix: 'dashover/v1', client: 'auto' },
      input: 'keyboard',
      chip: 'auto',
      buttons: [{ gestures: { hold: 'failover', 'click-hold': 'restore', triple: 'drill' } }],
      holdMs: 1_000,
      deadlineMs: 60_000,
    });
  });

  test('takes secrets from the environment, and paths from where it lies', () => {
    writeFileSync(join(folder, 'ca.pem'), '');
    const { mqtt } = read(
      "device: lobby\nswitch: www\nmqtt: { url: 'mqtts://b:8883', ca: ./ca.pem, username: u, password: '${SECRET}' }\n",
      { SECRET: 'hush' },
    );
    expect(mqtt).toMatchObject({ password: 'hush', ca: join(folder, 'ca.pem') });
  });

  test('tells every problem at once, each with its place and what to write', () => {
    const text = problems(`
device: lobby/1
swich: www
mqtt: { url: 'http://b', cert: ./none.pem, password: '\${SECRET}', prefix: /x/ }
input: lever
buttons:
  - { gestures: { click: failover, hold: explode } }
holdMs: 100
deadlineMs: 1m
`);
    expect(text).toMatchInlineSnapshot(`
      "/button.yaml: 14 problems
        ✖ mqtt.password (line 4): takes the environment variable SECRET, which is not set; set SECRET.
        ✖ device (line 2): is "lobby/1"; write letters, digits, - _ and ., at most 64.
        ✖ switch: is missing; write the name of a switch.
        ✖ mqtt.url (line 4): is "http://b"; write the URL of the broker, such as mqtts://broker.example.com:8883 (mqtt:, mqtts:, ws: or wss:).
        ✖ mqtt.cert (line 4): names /none.pem, which does not exist.
        ✖ mqtt.prefix (line 4): is "/x/"; write a topic such as dashover/v1, without + # or blanks, or / at its ends.
        ✖ input (line 5): is "lever"; write gpio or keyboard.
        ✖ buttons[0].gestures.click (line 7): click always shows the state; choose another gesture for a command.
        ✖ buttons[0].gestures.hold (line 7): is "explode"; write failover, restore or drill.
        ✖ holdMs (line 8): is 100; write whole milliseconds from 500 to 5000.
        ✖ deadlineMs (line 9): is "1m"; write whole milliseconds from 1000 to 600000.
        ✖ swich (line 3): is not a key that is known here; look at its spelling, or remove it.
        ✖ mqtt.key (line 4): is missing; mqtt.cert needs its private key.
        ✖ mqtt.username (line 4): is missing; mqtt.password needs it."
    `);
  });

  test('reads lines by number or name, with what it leaves out put in', () => {
    const config = read(`${BASE}input: gpio
buttons:
  - { line: 17 }
  - { line: GPIO5, pressed: high, gestures: { hold: drill } }
  - { line: 6, bias: none, gestures: { double: restore } }
leds: { green: 22, red: GPIO27, lit: low }
`);
    expect(wiringOf(config)).toEqual({
      chip: 'auto',
      buttons: [
        { line: 17, pressed: 'low', bias: 'pull-up' },
        { line: 'GPIO5', pressed: 'high', bias: 'pull-down' },
        { line: 6, pressed: 'low', bias: 'none' },
      ],
      leds: { wired: ['red', 'green'], lines: ['GPIO27', 22], lit: 'low' },
    });
    expect(wiringOf({ ...config, input: 'keyboard' }).buttons).toEqual([]);
  });

  test('tells what is wrong with lines and LEDs, each with its place', () => {
    const text = problems(`${BASE}input: gpio
chip: ''
buttons:
  - { line: '17', pressed: down, bias: up }
  - { gestures: { hold: failover } }
  - { line: 27 }
leds: { red: 27, single: 4, white: 3 }
`);
    expect(text).toMatchInlineSnapshot(`
      "/button.yaml: 8 problems
        ✖ chip (line 6): is ""; write auto, the label of a GPIO chip such as pinctrl-rp1, or its path such as /dev/gpiochip0.
        ✖ leds.white (line 11): is not a key that is known here; look at its spelling, or remove it.
        ✖ leds (line 11): names a single LED and coloured ones; keep either.
        ✖ buttons[0].line (line 8): is "17"; write the number of a GPIO line, such as 17, or its name, such as GPIO17.
        ✖ buttons[0].pressed (line 8): is "down"; write low or high.
        ✖ buttons[0].bias (line 8): is "up"; write pull-up, pull-down or none.
        ✖ buttons[1].line (line 9): is missing; input: gpio needs the number of a GPIO line, such as 17, or its name, such as GPIO17.
        ✖ leds.red (line 11): names the same line as buttons[2].line; each needs a line of its own."
    `);
    expect(problems(`${BASE}input: gpio\n`)).toContain('buttons[0].line: is missing; input: gpio needs the number');
    expect(problems(`${BASE}leds: {}\n`)).toContain('leds (line 5): names no LED; write { red: 27,');
  });

  test('the LEDs are read by themselves, whatever is wrong with the rest', () => {
    writeFileSync(file, 'device: ["lobby/1"]\nmqtt: { password: \'${UNSET}\' }\nleds: { single: 27 }\n');
    expect(readLedConfig(file, {})).toEqual({ chip: 'auto', leds: { single: 27, lit: 'high' } });
    writeFileSync(file, 'leds: { single: bright light }\n');
    expect(() => readLedConfig(file, {})).toThrow('leds.single (line 1): is "bright light"; write the number');
  });

  test('never repeats a secret', () => {
    const all = [
      problems(withPassword('12345678')),
      problems(withPassword('[hunter2]')),
      problems(withPassword('*hunter2')),
      problems("device: lobby\nswitch: www\nmqtt: { url: 'http://user:hunter2@b' }\n"),
      problems("device: lobby\nswitch: '${NAME}'\nmqtt: { url: 'mqtt://user:hunter2@b' }\n", { NAME: 'Hunter2!' }),
    ].join('\n');
    expect(all).not.toMatch(/hunter2|12345678/i);
    expect(all).toContain('holds a user name or password');
  });

  test.for<[string, string, string]>([
    ['an empty file', '', 'device: is missing; write a name.'],
    ['a list', '- a\n', 'is a list; write keys such as device, switch and mqtt.'],
    ['what is not YAML', 'device: "lobby\n', 'cannot be read as YAML'],
    ['a key told twice', `${BASE}device: two\n`, 'Line 5 has a key that is there twice; keep one.'],
    [
      'a variable that is not set',
      BASE.replace('www', "'${WHERE}'"),
      'switch (line 2): takes the environment variable WHERE, which is not set',
    ],
    ['a topic that would be too deep', `${BASE}  prefix: a/b/c/d/e/f\n`, 'mqtt.prefix (line 5): has too many levels'],
    ['a certificate without its key', `${BASE}  cert: ./button.yaml\n`, 'mqtt.key'],
    ['a folder in the place of a certificate', `${BASE}  ca: .\n`, 'which is a folder; name the file in it.'],
    ['a button that is nothing', `${BASE}buttons: [null]\n`, 'buttons[0] (line 5): is empty; write { line: 17'],
    [
      'gestures that are a word',
      `${BASE}buttons: [{ gestures: x }]\n`,
      'gestures (line 5): is "x"; write { hold: failover',
    ],
    ['an alias of what it stands in', `device: &a [*a]\n`, 'or uses a YAML alias inside of what it names'],
    [
      'a URL that says more than the broker hears',
      "device: lobby\nswitch: www\nmqtt: { url: 'wss://b/mqtt#x' }\n",
      'mqtt.url (line 3): has a #, which no broker hears; remove it.',
    ],
    ['certificates without TLS', `${BASE}  ca: ./button.yaml\n`, 'does not use TLS'],
  ])('names what is wrong with %s', ([, yaml, expected]) => expect(problems(yaml)).toContain(expected));

  test('a file that is not there says how to do without one', () => {
    expect(() => readButtonConfig(join(folder, 'none.yaml'), {}, {})).toThrow('give --url, --device and --switch');
  });

  test('flags stand in place of keys, and suffice alone', () => {
    const flags = { url: 'mqtt://other:1', switch: 'shop', device: 'desk' };
    expect(read(BASE, {}, flags)).toMatchObject({ device: 'desk', switch: 'shop', mqtt: { url: 'mqtt://other:1' } });
    expect(readButtonConfig(undefined, flags, {})).toMatchObject({ device: 'desk', input: 'keyboard' });
    expect(() => readButtonConfig(undefined, { ...flags, url: 'nowhere' }, {})).toThrow('The command line: 1 problem');
  });
});

test('one mistake of a file that is not YAML is told once', () => {
  const told = problems(withPassword('${NAME}'));
  expect(told.split('\n').filter((line) => line.includes('cannot be read as YAML'))).toHaveLength(1);
});

test('a file that is not there is told with what the command at hand can do without it', () => {
  const nowhere = join(folder, 'nowhere.yaml');
  expect(() => readButtonConfig(nowhere, {}, {})).toThrow(
    'name one with --config, or give --url, --device and --switch.',
  );
  expect(() => readLedConfig(nowhere, {})).toThrow(/name one with --config\.$/);
});
