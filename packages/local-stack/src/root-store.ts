/**
 * A folder outside the clone, used only when root starts PostgreSQL in a place its unprivileged account cannot enter.
 *
 *     /var/lib/shop/                       root, 0755
 *     ├─ postgres-18.4.0-x64/              a copy of the server's files, one per version
 *     ├─ data-<mark>/                      the data of one clone; `<clone>/.shop/postgres/data` is a link to it
 *     └─ data-<mark>.link                  the path of that link
 *
 * `npm run reset` removes a clone's data here too. A temporary clone that is simply deleted leaves its data behind; the
 * next start of any clone removes it. An ordinary user never gets here.
 */

import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
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

/** The folder for the data that the link will lead to. */
export function dataInStore(mark: string, link: string, account: Account): string {
  const folder = rootStore(`data-${mark}`, account)
  removeAbandoned(join(folder, '..'))
  writeFileSync(`${folder}.link`, link)
  return folder
}

/** Removes such data. A link of a copied clone, which leads to the data of the original, is not followed. */
export function removeFromStore(mark: string, folder: string): void {
  if (!folder.endsWith(`/data-${mark}`)) return
  rmSync(folder, { recursive: true, force: true })
  rmSync(`${folder}.link`, { force: true })
}

/** Only for clones in temporary folders: elsewhere a link that is not there may be on a disk that is not mounted. */
function removeAbandoned(store: string): void {
  for (const record of readdirSync(store).filter((name) => name.endsWith('.link'))) {
    const link = readFileSync(join(store, record), 'utf8')
    const isTemporary = ['/tmp', '/var/tmp', tmpdir()].some((folder) => link.startsWith(`${folder}/`))
    if (!isTemporary || lstatSync(link, { throwIfNoEntry: false })) continue
    rmSync(join(store, record.replace(/\.link$/, '')), { recursive: true, force: true })
    rmSync(join(store, record), { force: true })
  }
}
