import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** `npm run test:gpio`: an emulated machine with a real kernel, which takes a processor for some five minutes. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    include: ['test/gpio/**/*.test.ts'],
    environment: 'node',
    // Node strips the types itself, in tests as in production: what is tested is what runs.
    experimental: { viteModuleRunner: false },
    // Each test goes on from where the one before has left the machine.
    bail: 1,
    testTimeout: 600_000,
    passWithNoTests: false,
  },
});
