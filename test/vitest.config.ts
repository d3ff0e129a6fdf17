import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { keepCompiled } from './compile-cache.ts';
import { LONG_TESTS } from './long-tests.ts';

keepCompiled();

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    include: ['test/**/*.test.ts'],
    exclude: [...LONG_TESTS, 'test/gpio/**'],
    environment: 'node',
    // Most files wait for processes, brokers and deadlines: twice as many as Vitest would start keep two cores busy.
    maxWorkers: 4,
    // A worker keeps what it has loaded from file to file, which saves a third of the time: no test may count on fresh modules.
    isolate: false,
    // Node strips the types itself, in tests as in production: what is tested is what runs.
    experimental: { viteModuleRunner: false },
    testTimeout: 20_000,
    hookTimeout: 30_000,
    passWithNoTests: false,
  },
});
