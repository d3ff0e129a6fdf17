import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readButtonConfig } from '../../device/config/read.ts';
import { read, ROOT } from '../house/files.ts';

// Copies a tree and starts processes, on machines that may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });

const run = promisify(execFile);
const SCRIPT = join(ROOT, 'device/install/install.sh');
const UNIT = 'device/install/dashover-button.service';

interface Ran {
  readonly code: number;
  readonly text: string;
}

/** A root of its own, and an npm that takes the packages of this checkout in place of fetching them. */
let root: string;
let tools: string;
const opt = (...path: string[]): string => join(root, 'opt/dashover-button', ...path);
const etc = (...path: string[]): string => join(root, 'etc/dashover-button', ...path);

async function npmThat(does: string): Promise<void> {
  await writeFile(join(tools, 'npm'), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
}

async function install(word = 'install', option = '', script = SCRIPT): Promise<Ran> {
  const env = { PATH: `${tools}:/usr/bin:/bin:/usr/sbin:/sbin`, DESTDIR: root };
  try {
    const { stdout, stderr } = await run('sh', [script, word, option], { env });
    return { code: 0, text: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, text: stdout + stderr };
  }
}

const skipReason = needed('systemd-sysusers', 'systemd');

describe.skipIf(skipReason !== undefined)(`the installer${skipReason ?? ''}`, () => {
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'button-root-'));
    tools = await mkdtemp(join(tmpdir(), 'button-tools-'));
    await npmThat(`ln -s "${ROOT}/node_modules" node_modules`);
  });
  afterEach(async () => {
    for (const folder of [root, tools]) await rm(folder, { recursive: true, force: true });
  });

  test('writes a whole release that starts, its user, its unit, and a configuration that only the service reads', async () => {
    const { code, text } = await install();
    expect(text).toContain('Installed');
    expect(code).toBe(0);
    const button = opt('current/device/bin/dashover-button');
    expect((await run(button, ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await readlink(join(root, 'usr/local/bin/dashover-button'))).toBe(
      '/opt/dashover-button/current/device/bin/dashover-button',
    );
    expect(await readFile(join(root, 'etc/systemd/system/dashover-button.service'), 'utf8')).toBe(read(UNIT));
    expect(await readFile(join(root, 'etc/group'), 'utf8')).toMatch(/^gpio:.*dashover-button$/m);
    expect(await modes('button.yaml', 'secrets.env')).toEqual(['640', '600']);
    // Whoever may write the program that holds the key, holds the key.
    expect((await run('find', [opt(), '-not', '-type', 'l', '-perm', '/022'])).stdout).toBe('');
  });

  test('a checkout that nobody else may read becomes a release that the service can, and the chips are given to its group', async () => {
    const checkout = join(tools, 'checkout');
    await mkdir(join(checkout, 'cloud'), { recursive: true });
    const files = ['package.json', 'package-lock.json', 'LICENSE', 'shared', 'device'];
    await run('cp', ['-r', ...files, checkout], { cwd: ROOT });
    await run('cp', [join(ROOT, 'cloud/package.json'), join(checkout, 'cloud')]);
    await run('chmod', ['-R', 'go-rwx', checkout]);
    expect(await install('install', '', join(checkout, 'device/install/install.sh'))).toMatchObject({ code: 0 });
    expect((await run('find', [opt('releases'), '-not', '-type', 'l', '-not', '-perm', '-004'])).stdout).toBe('');
    expect((await stat(opt('current/device/bin/dashover-button'))).mode & 0o777).toBe(0o755);
    const rules = join(root, 'etc/udev/rules.d/60-dashover-button.rules');
    expect(await readFile(rules, 'utf8')).toMatch(/KERNEL=="gpiochip\*", GROUP="gpio", MODE="0660"/);
    await install('uninstall');
    await expect(stat(rules)).rejects.toThrow('ENOENT');
  });

  test('the configuration that it begins with is one that the button takes', async () => {
    await install();
    for (const name of ['ca.pem', 'button.pem', 'button.key']) await writeFile(etc(name), '');
    const config = readButtonConfig(etc('button.yaml'), {}, {});
    expect([config.device, config.switch, config.input, config.buttons[0]?.line]).toEqual(['lobby', 'www', 'gpio', 17]);
  });

  test('an update leaves the configuration and closes its keys, and there is a way back', async () => {
    await install();
    const first = await readlink(opt('current'));
    await writeFile(etc('button.yaml'), 'mine', { mode: 0o666 });
    await writeFile(etc('lobby.key'), 'secret', { mode: 0o666 });
    await mkdir(opt('releases/20200101000000-0.0.1'));
    expect((await install()).code).toBe(0);
    const second = await readlink(opt('current'));
    expect(second).not.toBe(first);
    expect((await readdir(opt('releases'))).map((name) => `releases/${name}`).toSorted()).toEqual([first, second]);
    expect(await readFile(etc('button.yaml'), 'utf8')).toBe('mine');
    expect(await modes('button.yaml', 'lobby.key')).toEqual(['640', '600']);
    await writeFile(opt(first, 'device/install/dashover-button.service'), 'of the first');
    const back = await install('back');
    expect(await readFile(join(root, 'etc/systemd/system/dashover-button.service'), 'utf8')).toBe('of the first');
    expect(back.text).toContain('Went back from');
    expect(await readlink(opt('current'))).toBe(first);
  });

  test('keys that could not be closed are not said to be closed', async () => {
    await mkdir(etc(), { recursive: true });
    await writeFile(etc('lobby.key'), 'secret', { mode: 0o666 });
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
    const nobody = await install('keys');
    expect(nobody).toMatchObject({ code: 1, text: expect.stringContaining('There is no user dashover-button') });
    await writeFile(join(root, 'etc/passwd'), 'dashover-button:x:990:990::/:/bin/sh\n');
    await writeFile(etc('secrets.env'), '');
    await writeFile(join(tools, 'chown'), '#!/bin/sh\ncase "$*" in *.key) exit 1 ;; esac\n', { mode: 0o755 });
    await writeFile(join(tools, 'id'), '#!/bin/sh\necho 0\n', { mode: 0o755 });
    const failed = await install('keys');
    expect([failed.code, failed.text]).toEqual([1, expect.not.stringContaining('can be read by the service alone')]);
    await rm(join(tools, 'chown'));
    await writeFile(join(tools, 'chown'), '#!/bin/sh\n', { mode: 0o755 });
    expect(await install('keys')).toMatchObject({ code: 0, text: expect.stringContaining('by the service alone') });
    expect(await modes('lobby.key', 'secrets.env')).toEqual(['600', '600']);
  });

  test('the way back leads to the release that ran, whatever the clock called it and whichever is newest', async () => {
    await install();
    // A machine without a clock of its own was in the future.
    const [good, bad] = ['releases/20990101000000-0.1.0', 'releases/20200101000000-0.1.0'];
    await rename(opt(await readlink(opt('current'))), opt(good));
    await symlink(good, opt('current.new'));
    await rename(opt('current.new'), opt('current'));
    await install();
    await rename(opt(await readlink(opt('current'))), opt(bad));
    await symlink(bad, opt('current.new'));
    await rename(opt('current.new'), opt('current'));
    await install('back');
    expect(await readlink(opt('current'))).toBe(good);
    await install();
    expect(await readlink(opt('previous'))).toBe(good);
    expect(await readdir(opt('releases'))).not.toContain(bad.slice('releases/'.length));
    await install('back');
    expect(await readlink(opt('current'))).toBe(good);
  });

  test('a release before that cannot start does not stay: the one that ran is started again, and that is said', async () => {
    await install();
    const first = await readlink(opt('current'));
    await install();
    const second = await readlink(opt('current'));
    const [script, started] = [join(tools, 'install.sh'), join(tools, 'started')];
    // The same script on a machine of its own that is running, where only root may do that.
    const text = read('device/install/install.sh').replace('ROOT=${DESTDIR:-}', 'ROOT=');
    await writeFile(script, text.replaceAll('=$ROOT/', `=${root}/`));
    await writeFile(join(tools, 'id'), '#!/bin/sh\necho 0\n', { mode: 0o755 });
    const systemctl = `[ "$1" != restart ] || { readlink ${opt('current')} >>${started}; ! grep -q . ${opt('current/broken')}; }`;
    await writeFile(join(tools, 'systemctl'), `#!/bin/sh\n${systemctl}\n`, { mode: 0o755 });
    await writeFile(opt(first, 'broken'), 'yes');
    const env = { PATH: `${tools}:/usr/bin:/bin:/usr/sbin:/sbin` };
    await expect(run('sh', [script, 'back'], { env })).rejects.toThrow(/could not be started, so .* runs again/);
    expect((await readFile(started, 'utf8')).trim().split('\n')).toEqual([first, second]);
    expect([await readlink(opt('current')), await readlink(opt('previous'))]).toEqual([second, first]);
  });

  test.for([
    ['npm cannot fetch the packages', 'exit 1'],
    ['what it fetched does not start', 'mkdir -p node_modules/.bin && ln -s /bin/false node_modules/.bin/node'],
  ])('when %s, the release that runs stays and no half of the new one is left', async ([, does]) => {
    await install();
    const before = [await readlink(opt('current')), await readdir(opt('releases'))];
    await npmThat(does ?? '');
    expect((await install()).code).toBe(1);
    expect([await readlink(opt('current')), await readdir(opt('releases'))]).toEqual(before);
  });

  test('uninstalling leaves the configuration, unless it is to be purged', async () => {
    await install();
    expect((await install('uninstall')).text).toContain('--purge');
    expect(await readdir(join(root, 'opt'))).toEqual([]);
    expect(await readdir(join(root, 'etc/systemd/system'))).toEqual([]);
    expect(await readdir(etc())).toContain('button.yaml');
    await install('uninstall', '--purge');
    await expect(stat(etc())).rejects.toThrow('ENOENT');
  });

  test.for([
    ['uname', 'echo armv7l', 'This is a armv7l system'],
    ['getconf', 'echo 32', 'The kernel is 64-bit, and the system is not'],
  ])('a system that is not 64-bit is named, by %s, before anything is written', async ([tool, says, words]) => {
    await writeFile(join(tools, tool ?? ''), `#!/bin/sh\n${says}\n`, { mode: 0o755 });
    const { code, text } = await install();
    expect(code).toBe(1);
    expect(text).toContain(words);
    expect(await readdir(root)).toEqual([]);
  });

  test('without npm it says how to get it, and a word it does not know gets its page', async () => {
    for (const tool of ['sh', 'dirname', 'uname', 'getconf', 'sed']) await symlinkTool(tool);
    await rm(join(tools, 'npm'));
    const env = { PATH: tools, DESTDIR: root };
    await expect(run('sh', [SCRIPT], { env })).rejects.toThrow('sudo apt-get install npm');
    const { code, text } = await install('fly');
    expect([code, text]).toEqual([2, expect.stringContaining('goes back to the release before')]);
    expect(text).not.toContain('set -eu');
  });
});

/** A PATH with only these in it. */
async function symlinkTool(tool: string): Promise<void> {
  const { stdout } = await run('sh', ['-c', `command -v ${tool}`]);
  await symlink(stdout.trim(), join(tools, tool));
}

test('the script is what any sh understands', async (context) => {
  for (const shell of ['sh', 'bash']) {
    const { stdout, stderr } = await run(shell, ['-n', SCRIPT]);
    expect(stdout + stderr).toBe('');
  }
  const reason = needed('shellcheck', 'shellcheck');
  if (reason !== undefined) context.skip(reason);
  await run('shellcheck', [SCRIPT]);
});

describe('the unit', () => {
  const reason = needed('systemd-analyze', 'systemd');

  test('is one that systemd takes, with every command in its place, and as closed as a button can be', async (context) => {
    if (reason !== undefined) context.skip(reason);
    const folder = await mkdtemp(join(tmpdir(), 'button-unit-'));
    try {
      const unit = join(folder, 'dashover-button.service');
      await writeFile(unit, read(UNIT).replaceAll('/opt/dashover-button/current/', ROOT));
      const verified = await run('systemd-analyze', ['verify', '--man=no', '--recursive-errors=one', unit]);
      expect(verified.stdout + verified.stderr).toBe('');
      // In tenths: 0 has no access to anything, 100 is an ordinary daemon. More than 2.0 exits with 1.
      await run('systemd-analyze', ['security', '--offline=true', '--threshold=20', '--no-pager', unit]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('starts only what the command line has', async () => {
    const help = (await run(join(ROOT, 'device/bin/dashover-button'), ['--help'])).stdout;
    const commands = Array.from(read(UNIT).matchAll(/^Exec\w+=.*main\.ts (\w+) /gm), ([, command = '']) => command);
    expect(commands).toContain('run');
    for (const command of commands) expect(help).toMatch(new RegExp(`^  ${command} `, 'm'));
  });
});

async function modes(...files: string[]): Promise<string[]> {
  return Promise.all(files.map(async (file) => ((await stat(etc(file))).mode & 0o777).toString(8)));
}

/** Why a test is skipped, or undefined; where services are required, that is a failure. */
function needed(program: string, debianPackage: string): string | undefined {
  if (spawnSync(program, ['--version']).error === undefined) return undefined;
  const how = `: ${program} is not on this machine: apt-get install ${debianPackage}`;
  if (process.env['DASHOVER_REQUIRE_SERVICES']) throw new Error(how);
  return how;
}
