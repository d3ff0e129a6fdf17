import { expect, test } from 'vitest';
import { read, repositoryFiles } from './files.ts';

/** A command that helps, as a test tells it to somebody whose machine lacks something. */
const COMMAND = /apt-get install ((?:-[-\w]+ )*[a-z][\w .+-]*)/g;
/** `needed('shellcheck', 'shellcheck')`: a program, and the Debian package that the test would name. */
const NEEDED = /\bneeded\('[\w-]+', '([\w.+-]+)'\)/g;
/** Whoever has this tree and runs its tests has them. */
const AT_HAND = ['git', 'npm'];

test('CI installs whatever a test would name as missing', () => {
  const installed = new Set([...AT_HAND, ...read('.ci/run').split(/[^\w.+-]+/)]);
  const tests = repositoryFiles().filter((path) => /^test\/.*\.ts$/.test(path) && !path.startsWith('test/house/'));
  const named = tests.flatMap((path) => packagesIn(read(path)).map((name) => ({ path, name })));
  expect(named.map(({ name }) => name)).toEqual(expect.arrayContaining(['chromium', 'postgresql', 'shellcheck']));
  expect(named.filter(({ name }) => !installed.has(name))).toEqual([]);
});

function packagesIn(text: string): string[] {
  const commanded = Array.from(text.matchAll(COMMAND), ([, words = '']) => words.split(' ')).flat();
  const needed = Array.from(text.matchAll(NEEDED), ([, name = '']) => name);
  return [...commanded, ...needed].filter((word) => word !== '' && !word.startsWith('-'));
}
