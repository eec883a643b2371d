/** One PostgreSQL for the run; every test file makes its own database in it. */

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    fsModuleCache: false, // Shared by all packages: a run that meets a new lockfile empties it under the others.
    globalSetup: './test/global-setup.ts',
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
