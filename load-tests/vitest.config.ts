/** Tests of the load tests: what they decide, and one small run of the whole. */

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    fsModuleCache: false, // Shared by all packages: a run that meets a new lockfile empties it under the others.
    include: ['test/**/*.test.ts'],
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
