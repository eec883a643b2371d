/** One Postgres and one Redis for the whole run; each file that needs a database makes its own in it. */

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{bench,src}/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/servers.ts'],
    // Shared by all packages, and emptied by whichever run first meets a new lockfile, under the hands of the others.
    fsModuleCache: false,
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
