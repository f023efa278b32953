import { defineConfig } from 'vitest/config';

/**
 * Real processes are started by many tests: few at once, so that a two-core machine is not the thing under test. The
 * limits are there for what hangs, not for what is slow: a busy machine needs ten times as long as a quiet one. In CI,
 * where others use the machine too, a test that fails once is tried again; it is named in the output all the same.
 */
const common = {
  retry: process.env.CI ? 1 : 0,
  testTimeout: 120_000,
  hookTimeout: 120_000,
  maxWorkers: 2,
  environment: 'node',
} as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/*.test.ts', 'test/{framework,validation,packaging}/**/*.test.ts'],
        },
      },
      { test: { ...common, name: 'conformance', include: ['test/conformance/**/*.test.ts'] } },
      {
        test: {
          ...common,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
        },
      },
      {
        test: {
          ...common,
          name: 'verdict',
          include: ['test/verdict/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          ...common,
          name: 'containers',
          include: ['test/containers/**/*.test.ts'],
          globalSetup: 'test/containers/table.ts',
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        // Inside the root that test/htcondor/enter.mjs makes: each file starts a pool of its own, one at a time.
        test: {
          ...common,
          name: 'htcondor',
          include: ['test/htcondor/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
