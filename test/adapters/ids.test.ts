import { expect, test } from 'vitest';
import { openIds } from '../../cloud/adapters/ids.ts';

test('ids are UUIDs of version 7, all different, in the order in which they were made', () => {
  const ids = openIds();
  const made = Array.from({ length: 20_000 }, () => ids.next());
  expect(made[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(made).size).toBe(made.length);
  expect(made.toSorted()).toEqual(made);
});
