import { expect, test } from 'vitest';
import { FAULTS } from '../../shared/faults.ts';
import { read, sourceFiles } from './files.ts';

const sources = sourceFiles().filter((path) => /^(cloud|device)\//.test(path));
const text = sources.map(read).join('\n');
const readme = read('cloud/README.md');

test.for(Object.entries(FAULTS))('%s is thrown somewhere, and explained in the reference', ([code, { http, hint }]) => {
  expect(text).toContain(`'${code}'`);
  expect(readme).toContain(`| \`${code}\` | ${http} | ${hint} |`);
});
