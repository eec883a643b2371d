/** Tests of the root commands, with whole shops. */

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    fsModuleCache: false, // Shared by all packages: a run that meets a new lockfile empties it under the others.
    fileParallelism: false, // Each file starts whole shops.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 90_000,
    hookTimeout: 90_000,
  },
})
