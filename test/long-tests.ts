/**
 * Tests with many processes or pictures, floods, downloads and waits for leases, that take minutes together. `npm run test:long`
 * runs them, one file after the other, and so does CI; `npm test` stays short enough to run before every commit.
 */
export const LONG_TESTS = [
  'test/dashboard/ask.test.ts',
  'test/dashboard/live.test.ts',
  'test/dashboard/look.test.ts',
  'test/device/link-aws.test.ts',
  'test/device/link-mqtt.test.ts',
  'test/device/service-install.test.ts',
  'test/device/service-packages.test.ts',
  'test/endpoints/**/*.test.ts',
  'test/metrics/alerts.test.ts',
  'test/notify/serve.test.ts',
  'test/security/broker-restart.test.ts',
  'test/security/flood.test.ts',
  'test/store/postgres-weather.test.ts',
];
