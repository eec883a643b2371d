/** One Postgres for the whole run; each file makes a database of its own in it, each test a Redis. */

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/servers.ts'],
    // Shared by all packages, and emptied by whichever run first meets a new lockfile, under the hands of the others.
    fsModuleCache: false,
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
