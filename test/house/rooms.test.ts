import { expect, test } from 'vitest';
import { importsOf, sourceFiles } from './files.ts';

/**
 * The import law: each room, and what it may import besides itself. One-way, so that data travels one way, from
 * trigger to record. `packages` are the npm packages and Node modules a room may load (a pure room loads none).
 */
interface Room {
  readonly room: string;
  readonly may: readonly string[];
  readonly packages: readonly string[] | 'any';
}

const ROOMS: readonly Room[] = [
  { room: 'shared/', may: [], packages: ['zod'] },
  { room: 'device/core/', may: ['shared/'], packages: [] },
  { room: 'device/config/', may: ['shared/'], packages: ['zod', 'yaml', 'node:fs', 'node:path'] },
  { room: 'device/adapters/', may: ['device/core/', 'shared/'], packages: 'any' },
  { room: 'device/', may: ['device/', 'shared/'], packages: 'any' },
  { room: 'cloud/ports.ts', may: ['shared/'], packages: [] },
  { room: 'cloud/config/', may: ['shared/'], packages: ['zod', 'yaml', 'node:fs', 'node:path'] },
  { room: 'cloud/engine/', may: ['cloud/ports.ts', 'shared/'], packages: ['node:assert/strict'] },
  { room: 'cloud/jobs/', may: ['cloud/engine/', 'cloud/ports.ts', 'shared/'], packages: ['node:assert/strict'] },
  { room: 'cloud/intake/', may: ['cloud/jobs/', 'cloud/engine/', 'cloud/ports.ts', 'shared/'], packages: 'any' },
  { room: 'cloud/store/', may: ['cloud/engine/', 'shared/'], packages: 'any' },
  { room: 'cloud/adapters/', may: ['cloud/ports.ts', 'shared/'], packages: 'any' },
  { room: 'cloud/dashboard/', may: ['cloud/jobs/', 'cloud/engine/', 'cloud/ports.ts', 'shared/'], packages: 'any' },
  { room: 'cloud/', may: ['cloud/', 'shared/'], packages: 'any' },
  { room: 'test/', may: ['cloud/', 'device/', 'shared/'], packages: 'any' },
];

const files = sourceFiles();

test.for(files)('%s imports only what its room may', (path) => {
  const room = ROOMS.find(({ room }) => path.startsWith(room));
  expect(room, `${path} is in no room`).toBeDefined();
  if (!room) return;
  for (const target of importsOf(path)) {
    if (target.endsWith('.ts')) {
      const allowed = [room.room, ...room.may].some((place) => target.startsWith(place));
      expect(allowed, `${path} imports ${target}; ${room.room} may import ${room.may.join(', ') || 'nothing'}`).toBe(
        true,
      );
    } else if (room.packages !== 'any') {
      expect(room.packages, `${path} imports ${target}`).toContain(target);
    }
  }
});

test('every import of our own names a file that exists', () => {
  const ours = files.flatMap(importsOf).filter((t) => t.endsWith('.ts'));
  expect(ours.filter((target) => !files.includes(target))).toEqual([]);
});

test('no file imports itself through others', () => {
  const arrows = new Map(files.map((path) => [path, importsOf(path)]));
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    expect(trail, `a cycle: ${[...trail, path].join(' → ')}`).not.toContain(path);
    if (done.has(path)) return;
    for (const next of arrows.get(path) ?? []) if (arrows.has(next)) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of files) walk(path, []);
});
