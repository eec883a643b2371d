import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    fsModuleCache: false, // Shared by all packages: a run that meets a new lockfile empties it under the others.
    expect: { poll: { timeout: 10_000 } },
  },
})
