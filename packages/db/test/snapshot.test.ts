/** The migrations say what the schema says. */

import { readdirSync, readFileSync } from 'node:fs'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { expect, test } from 'vitest'

import * as schema from '../src/schema.ts'

test('nothing in schema.ts waits for a migration', async () => {
  const meta = new URL('../migrations/meta/', import.meta.url)
  const newest =
    readdirSync(meta)
      .filter((name) => name.endsWith('_snapshot.json'))
      .toSorted()
      .at(-1) ?? ''
  const migrated = JSON.parse(readFileSync(new URL(newest, meta), 'utf8'))
  expect(await generateMigration(migrated, generateDrizzleJson(schema, migrated.id))).toEqual([])
})
