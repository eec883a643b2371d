/**
 * A folder outside the clone, used only when root starts PostgreSQL in a place its unprivileged account cannot enter.
 *
 *     /var/lib/shop/                       root, 0755
 *     ├─ postgres-18.4.0-x64/              a copy of the server's files, one per version
 *     └─ data-<mark>/                      the data of one clone; `<clone>/.shop/postgres/data` is a link to it
 *
 * An ordinary user never gets here.
 */

import { lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

import type { Account } from './account.ts'
import { canEnter } from './account.ts'
import { accountMissing } from './errors.ts'

const PLACES = ['/var/lib', '/var/tmp'] as const

/** The path of a folder in the store; the store itself is made, the folder is not. */
export function rootStore(name: string, account: Account): string {
  for (const place of PLACES) {
    const store = join(place, 'shop')
    try {
      mkdirSync(store, { mode: 0o755, recursive: true })
    } catch {
      continue // A read-only system: the next place.
    }
    // In a folder where everybody may write, somebody else may have made it first.
    if (lstatSync(store).uid === 0 && canEnter(store, account)) return join(store, name)
  }
  throw accountMissing()
}
