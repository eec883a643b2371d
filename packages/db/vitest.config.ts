/** One PostgreSQL for the run; every test file makes its own database in it. */

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { globalSetup: './test/global-setup.ts', testTimeout: 30_000, hookTimeout: 60_000 },
})
