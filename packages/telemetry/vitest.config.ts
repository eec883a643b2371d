import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    fsModuleCache: false, // Shared by all packages: a run that meets a new lockfile empties it under the others.
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/servers.ts'],
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
