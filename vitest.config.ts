import { defineConfig } from 'vitest/config';

const skipped = ['**/node_modules/**', '**/dist/**'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    passWithNoTests: false,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: [...skipped, '**/*.int.test.ts', '**/*.contract.test.ts'],
          setupFiles: ['packages/testkit/src/loopback/loopback-only.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'contract',
          include: ['packages/*/src/**/*.contract.test.ts'],
          exclude: skipped,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['packages/*/src/**/*.int.test.ts', 'scripts/**/*.int.test.ts'],
          exclude: skipped,
          globalSetup: ['packages/testkit/src/postgres.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // real databases, environments and processes, when the quick ones are through
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: skipped,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
