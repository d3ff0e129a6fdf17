import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A Debian kernel with the kernel's own simulated GPIO chip, which Debian leaves out: packages are fetched, one module is
 * built from their sources, and all of it stays in a folder that git does not see.
 */
export interface GuestKernel {
  readonly image: string;
  readonly initrd: string;
}

const FOLDER = fileURLToPath(new URL('../../.dashover/gpio', import.meta.url));
const INIT = fileURLToPath(new URL('guest-init.sh', import.meta.url));
/** What the guest needs before it has a disk, a network and a chip; what they need in turn is found out. */
const MODULES: readonly string[] = [
  'virtio_pci',
  'virtio_net',
  '9p',
  '9pnet_virtio',
  'overlay',
  'configfs',
  'gpio_sim_oot',
];
const META_PACKAGE = 'linux-image-amd64';

/** Fetches and builds what is not there yet, in about a minute; afterwards at once. Throws, with what to do. */
export function prepareKernel(): GuestKernel {
  const kernel = { image: join(FOLDER, 'vmlinuz'), initrd: join(FOLDER, 'initrd') };
  if (!existsSync(kernel.image)) {
    // Made aside and then put in place: what was broken off half-way is begun anew.
    const building = `${FOLDER}.building`;
    rmSync(building, { recursive: true, force: true });
    mkdirSync(building, { recursive: true });
    build(building);
    rmSync(FOLDER, { recursive: true, force: true });
    renameSync(building, FOLDER);
  }
  writeInitrd(kernel.initrd);
  return kernel;
}

function build(folder: string): void {
  const root = join(folder, 'root');
  const version = newestKernel();
  const [, series = ''] = /^(\d+\.\d+)\./.exec(version) ?? [];
  const flavourless = version.replace(/-amd64$/, '');
  for (const name of [
    `linux-image-${version}`,
    `linux-headers-${version}`,
    `linux-headers-${flavourless}-common`,
    `linux-kbuild-${series}`,
    `linux-source-${series}`,
    'busybox-static',
  ]) {
    run('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=', name], folder);
  }
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    run('dpkg-deb', ['-x', file, root], folder);
    rmSync(join(folder, file));
  }
  const busybox = join(root, 'bin/busybox');
  const modules = join(root, 'lib/modules', version);
  mkdirSync(join(modules, 'extra'));
  cpSync(buildSimulator(folder, root, version, series), join(modules, 'extra/gpio_sim_oot.ko'));
  run(busybox, ['depmod', '-b', root, version], folder);
  const image = join(folder, 'image');
  for (const name of ['bin', 'modules', 'dev', 'proc', 'sys']) mkdirSync(join(image, name), { recursive: true });
  cpSync(busybox, join(image, 'bin/busybox'));
  const order = inOrder(readFileSync(join(modules, 'modules.dep'), 'utf8'));
  for (const path of order) cpSync(join(modules, path), join(image, 'modules', basename(path)));
  writeFileSync(join(image, 'modules.list'), `${order.map((path) => `/modules/${basename(path)}`).join('\n')}\n`);
  cpSync(join(root, 'boot', `vmlinuz-${version}`), join(folder, 'vmlinuz'));
  cpSync(busybox, join(folder, 'busybox'));
  rmSync(root, { recursive: true });
}

/** `6.1.0-56-amd64`: what the package that follows the newest kernel stands for today. */
function newestKernel(): string {
  const told = run('apt-cache', ['depends', META_PACKAGE], '/');
  const [, version] = /Depends: linux-image-(\d\S+-amd64)$/m.exec(told) ?? [];
  if (version === undefined) {
    throw new Error(
      `apt knows no ${META_PACKAGE}: run "sudo apt-get update" first; the packages are those of Debian 12.`,
    );
  }
  return version;
}

/** Builds gpio-sim, and the simulated interrupts it needs, outside of the kernel's tree. */
function buildSimulator(folder: string, root: string, version: string, series: string): string {
  const tree = `linux-source-${series}`;
  const headers = join(root, 'usr/src', `linux-headers-${version}`);
  const place = join(folder, 'simulator');
  const sources = ['drivers/gpio/gpio-sim.c', 'drivers/gpio/gpiolib.h', 'kernel/irq/irq_sim.c'];
  mkdirSync(place);
  const archive = join(root, 'usr/src', `${tree}.tar.xz`);
  run('tar', ['-xf', archive, '-C', place, ...sources.map((path) => `${tree}/${path}`)], folder);
  for (const path of sources) cpSync(join(place, tree, path), join(place, basename(path)));
  // A module may not look into the table of interrupts; the kernel has a function for it.
  edit(join(place, 'irq_sim.c'), 'handle_simple_irq(irq_to_desc(irqnum))', 'generic_handle_irq(irqnum)');
  // The kernels of the Raspberry Pi keep an output as it is when its program dies, and so shall this chip.
  edit(join(place, 'gpio-sim.c'), '\tgc->free = gpio_sim_free;\n', '\t(void)gpio_sim_free;\n');
  writeFileSync(join(place, 'Makefile'), 'obj-m := gpio_sim_oot.o\ngpio_sim_oot-y := gpio-sim.o irq_sim.o\n');
  edit(join(headers, 'Makefile'), '/usr/src/', `${root}/usr/src/`);
  run('make', ['-s', '-C', headers, `M=${place}`, 'modules'], folder);
  return join(place, 'gpio_sim_oot.ko');
}

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  if (!text.includes(from))
    throw new Error(`${basename(path)} of this kernel looks otherwise: it has no ${from.trim()}`);
  writeFileSync(path, text.replace(from, to));
}

/** The modules that are wanted, each after those that it needs. */
function inOrder(dependencies: string): readonly string[] {
  const needs = new Map(
    dependencies.split('\n').flatMap((line) => {
      const [path, rest = ''] = line.split(':');
      return path === undefined || path === '' ? [] : [[path, rest.split(' ').filter((one) => one !== '')] as const];
    }),
  );
  const order = new Set<string>();
  const add = (path: string): void => {
    for (const one of needs.get(path) ?? []) add(one);
    order.add(path);
  };
  for (const name of MODULES) {
    const path = [...needs.keys()].find((one) => basename(one, '.ko').replaceAll('-', '_') === name);
    // What the kernel has built in needs no module.
    if (path !== undefined) add(path);
  }
  return [...order];
}

/** Written each time: the guest's first program may have changed. */
function writeInitrd(path: string): void {
  const image = join(FOLDER, 'image');
  cpSync(INIT, join(image, 'init'));
  const busybox = join(FOLDER, 'busybox');
  run('sh', ['-c', `chmod +x init && find . | ${busybox} cpio -o -H newc > "$0"`, path], image);
}

function run(program: string, words: readonly string[], cwd: string): string {
  try {
    return execFileSync(program, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(`${program} ${words.slice(0, 4).join(' ')} … failed: ${said}`, { cause: error });
  }
}
