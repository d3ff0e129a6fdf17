import { spawnSync } from 'node:child_process';

/** What the test needs beyond npm, by the program that proves that it is there, and its Debian package. */
const PROGRAMS = [
  ['qemu-system-x86_64', 'qemu-system-x86'],
  ['gcc', 'build-essential'],
  ['make', 'build-essential'],
  ['xz', 'xz-utils'],
  ['dig', 'bind9-dnsutils'],
  ['apt-get', 'apt'],
  ['dpkg-deb', 'dpkg'],
] as const;

function missingText(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `The machine with a GPIO chip is emulated on Linux and x64 only; this is ${process.platform} on ${process.arch}.`;
  }
  const absent = PROGRAMS.filter(([program]) => spawnSync(program, ['--version']).error !== undefined);
  if (absent.length === 0) return undefined;
  const packages = [...new Set(absent.map(([, name]) => name))].join(' ');
  const programs = absent.map(([program]) => program).join(', ');
  return `Missing: ${programs}. Install with: sudo apt-get install -y --no-install-recommends ${packages}`;
}

/** Why the test is skipped, with the command that helps. With DASHOVER_REQUIRE_SERVICES it fails instead. */
export const gpioMissing = missingText();
if (gpioMissing !== undefined && process.env['DASHOVER_REQUIRE_SERVICES'] !== undefined) throw new Error(gpioMissing);
