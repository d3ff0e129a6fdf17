import { expect, test } from 'vitest';
import { read, repositoryFiles, sourceFiles } from './files.ts';

const files = repositoryFiles();
const sources = sourceFiles().filter((path) => !path.startsWith('test/'));

const TOP_LEVEL = [
  'device',
  'cloud',
  'shared',
  'test',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'README.md',
  'LICENSE',
];

test('the top level holds four rooms and their papers', () => {
  const top = new Set(files.map((path) => path.split('/')[0] ?? '').filter((name) => !name.startsWith('.')));
  expect([...top].filter((name) => !TOP_LEVEL.includes(name))).toEqual([]);
});

/** Time, chance and ids come in through ports: the simulator cannot steer what reaches past them. */
const STEERED =
  /\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bsetImmediate\(|\brandomUUID\(|\bMath\.random\(|\bperformance\.now\(/;
const MAY_REACH_OUT = /^(cloud|device)\/(main\.ts|adapters\/|cli\/)|^shared\/system-clock\.ts$/;

test.for(sources.filter((path) => !MAY_REACH_OUT.test(path)))(
  '%s takes time, chance and ids from its ports',
  (path) => {
    expect(STEERED.exec(read(path))?.[0]).toBeUndefined();
  },
);

test('names say what is inside', () => {
  const vague = files.filter((path) =>
    /(^|\/)(utils?|helpers?|common|misc|types|managers?|services?)(\.ts|\/)/i.test(path),
  );
  expect(vague).toEqual([]);
});

test('files stay small enough to have one thing to say', () => {
  const LINES_MAX = 320;
  const large = sources.filter((path) => read(path).split('\n').length > LINES_MAX);
  expect(large).toEqual([]);
});

test('no work is left as a note to somebody', () => {
  const marks = /\b(TODO|FIXME|XXX)\b/;
  const left = sourceFiles().filter((path) => path !== 'test/house/tidy.test.ts' && marks.test(read(path)));
  expect(left).toEqual([]);
});

test('each folder of code says what lives there', () => {
  const folders = new Set(sources.map((path) => path.slice(0, path.lastIndexOf('/'))));
  const silent = [...folders].filter((folder) => !files.includes(`${folder}/README.md`));
  expect(silent).toEqual([]);
});
