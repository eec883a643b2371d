/** How drizzle-kit writes the next migration from src/schema.ts: `npm run generate -w @shop/db -- --name what_changes`. */

import { defineConfig } from 'drizzle-kit'

export default defineConfig({ dialect: 'postgresql', schema: './src/schema.ts', out: './migrations' })
