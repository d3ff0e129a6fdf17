/**
 * Tests that take minutes together: many seeds, many processes, floods. `npm run test:long` runs them, one file after
 * the other; `npm test` stays short enough to run before every commit.
 */
export const LONG_TESTS = [
  'test/endpoints/**/*.test.ts',
  'test/readme/tour.test.ts',
  'test/road/death.test.ts',
  'test/road/once.test.ts',
  'test/road/together.test.ts',
  'test/security/**/*.test.ts',
  'test/sim/**/*.test.ts',
  'test/store/postgres-weather.test.ts',
];
