import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ROOT } from '../house/files.ts';
import { blocksOf } from './blocks.ts';

const TOUR_MS_MAX = 150_000;

test('the tour comes true, and the README shows what it says', { timeout: TOUR_MS_MAX }, async () => {
  const tour = join(ROOT, 'test/world/tour.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [tour], { timeout: TOUR_MS_MAX });
  expect(stdout).toContain('All of it came true.');
  const told = stdout.split('\n').map(withoutChance);
  const shown = (blocksOf('README.md', 'text')[0] ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '' && line.trim() !== '…');
  expect(shown.length).toBeGreaterThan(10);
  expect(shown.map(withoutChance).filter((line) => !told.includes(line))).toEqual([]);
});

/** Times and ports are another run's. */
function withoutChance(line: string): string {
  return line
    .replaceAll(/\d\d:\d\d:\d\d/g, 'hh:mm:ss')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:port')
    .trimEnd();
}
