import { expect, test } from 'vitest';
import { PACE } from '../../cloud/jobs/move/pace.ts';
import { FAULTS } from '../../shared/faults.ts';
import { read } from '../house/files.ts';

const readme = read('cloud/jobs/move/README.md');

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}

test('the README says of each fault of Route 53 what follows, and until when', () => {
  const stated = [...readme.matchAll(/^\| `(route53-[a-z-]+)` \| [^|]+ \| [^|]+ \|$/gm)].map(([, code]) => code);
  expect(new Set(stated)).toEqual(new Set(Object.keys(FAULTS).filter((code) => code.startsWith('route53-'))));
});

test('the README says at which pace', () => {
  const { callMs, retryMsMin, retryMsMax, verifyMs } = PACE;
  expect(readme).toContain(`Every call has ${seconds(callMs)} of its own.`);
  expect(readme).toContain(`two attempts ${seconds(retryMsMin)}, doubled up to ${seconds(retryMsMax)}, of which`);
  expect(readme).toContain(`| ${seconds(verifyMs)}, then \`verified: false\` |`);
});
