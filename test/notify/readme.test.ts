import { expect, test } from 'vitest';
import { read } from '../house/files.ts';
import { ENV, problemsOf, SMALL } from '../config/example.ts';
import { blocksOf } from '../readme/blocks.ts';

const BLOCKS = ['README.md', 'cloud/README.md'].flatMap((page) =>
  blocksOf(page, 'yaml')
    .filter((block) => block.startsWith('notify:'))
    .map((block) => [page, block] as const),
);

test('both pages show receivers', () => {
  expect(BLOCKS.map(([page]) => page)).toEqual(['README.md', 'cloud/README.md']);
});

test.for(BLOCKS)('the receivers that %s shows are a configuration', ([, block]) => {
  const whole = block.replaceAll('https://…', 'https://hooks.example.com/dashover');
  expect(problemsOf(`${SMALL}${whole}`, { ...ENV, HEARTBEAT_URL: 'https://heart.example.com/ping' })).toEqual([]);
});

test('the reference explains every kind of notice', () => {
  const kinds = [...read('shared/notice.ts').matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, kind]) => kind);
  expect(kinds.length).toBeGreaterThan(15);
  const reference = read('cloud/README.md');
  expect(kinds.filter((kind) => kind !== 'test' && !reference.includes(`\`${kind}\``))).toEqual([]);
});
