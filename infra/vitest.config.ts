/** Tests of what watches the shop: that it names what is there, fires when it should, and is what its generator makes. */

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    fsModuleCache: false, // Shared by all packages: a run that meets a new lockfile empties it under the others.
    include: ['**/*.test.ts'],
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
