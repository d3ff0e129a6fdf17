import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { childEnv } from '../child-env.ts';
import { ROOT } from '../house/files.ts';

// Each test starts processes, on machines that may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function button(...words: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(join(ROOT, 'device/bin/dashover-button'), words, { env: childEnv() }, (error, ...out) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout: out[0], stderr: out[1] }),
    );
  });
}

const COMMANDS = ['run', 'check', 'dark'];

test('help lists every command, and each has help of its own with an example', async () => {
  const help = await button('--help');
  const listed = Array.from(help.stdout.matchAll(/^ {2}(\w+) \[options\]/gm), ([, name]) => name);
  expect([listed, help.code]).toEqual([COMMANDS, 0]);
  const each = await Promise.all(COMMANDS.map((name) => button(name, '--help')));
  for (const { stdout, code } of each) {
    expect(stdout).toMatch(/^Usage: dashover-button \w+ \[options\]/);
    expect(stdout).toMatch(/\nExample:\n {2}dashover-button \w+ /);
    expect(code).toBe(0);
  }
});

describe('a file that', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'button-commands-'));
    const common = 'device: lobby\nswitch: www\nmqtt: { url: "mqtt://127.0.0.1:9" }\nchip: /dev/no-such-chip\n';
    await writeFile(join(folder, 'gpio.yaml'), `${common}input: gpio\nbuttons: [{ line: 17 }]\nleds: { red: 27 }\n`);
    await writeFile(join(folder, 'wrong.yaml'), `${common}colour: red\nholdMs: soon\n`);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.for(COMMANDS)('is not there exits %s with 2, and is named', async (name) => {
    const { code, stderr } = await button(name, '--config', '/nowhere/button.yaml');
    expect([code, stderr]).toEqual([2, expect.stringContaining('/nowhere/button.yaml')]);
  });

  test('has mistakes exits with 2 and tells them all, to programs as JSON', async () => {
    const words = await button('check', '--config', join(folder, 'wrong.yaml'));
    expect([words.code, words.stdout]).toEqual([2, '']);
    for (const key of ['colour', 'holdMs']) expect(words.stderr).toContain(key);
    const json = await button('check', '--json', '--config', join(folder, 'wrong.yaml'));
    const { error } = JSON.parse(json.stdout) as { error: { code: string; message: string } };
    expect([json.code, error.code]).toEqual([2, 'config']);
    expect(error.message).toContain('holdMs');
  });

  test('names a chip that is not there exits with 1, says what to do, and leaves no stack', async () => {
    for (const ran of [
      await button('run', '--config', join(folder, 'gpio.yaml')),
      await button('dark', '--config', join(folder, 'gpio.yaml')),
    ]) {
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain('/dev/no-such-chip');
      expect(ran.stderr).not.toMatch(/^\s+at /m);
    }
    const check = await button('check', '--config', join(folder, 'gpio.yaml'));
    expect(check.code).toBe(1);
    expect(check.stdout).toMatch(/BAD lines +.*\/dev\/no-such-chip/);
    // What can be looked at is looked at, whatever was found before it.
    expect(check.stdout).toMatch(/BAD tcp +Nothing listens there/);
  });
});
