import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { keepCompiled } from './compile-cache.ts';
import { LONG_TESTS } from './long-tests.ts';

keepCompiled();

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    include: LONG_TESTS,
    // Each of these wants the machine for itself.
    fileParallelism: false,
    environment: 'node',
    // Node strips the types itself, in tests as in production: what is tested is what runs.
    experimental: { viteModuleRunner: false },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
  },
});
