/** Tells of changed source files, many changes in one go as one. */

import { existsSync, globSync, watch } from 'node:fs'
import { join } from 'node:path'

import { root } from './command.ts'

const QUIET_MS = 150
const SOURCE = /(?<!\.test)\.(ts|mjs|json|sql)$/

/** Calls back after the files of apps and packages have been still for a moment, with the first that changed. */
export function watchSources(onChange: (file: string) => void): void {
  let timer: NodeJS.Timeout | undefined
  let first: string | undefined
  for (const folder of globSync(['apps/*/src', 'packages/*/src'], { cwd: root })) {
    const path = join(root, folder)
    if (!existsSync(path)) continue
    watch(path, { recursive: true }, (_event, name) => {
      if (!name || !SOURCE.test(name)) return
      first ??= join(folder, name)
      clearTimeout(timer)
      timer = setTimeout(() => {
        const file = first as string
        first = undefined
        onChange(file)
      }, QUIET_MS)
    })
  }
}
