/**
 * Tells of changed source files, many changes in one go as one.
 *
 * The files are asked for their dates, a few times a second. What the system tells of changes gets lost when an editor,
 * `sed -i` or `git checkout` puts a new file in the place of the old one; the tree is small enough to look at it.
 */

import { globSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

import { root } from './command.ts'

const LOOK_EVERY_MS = 300
const SOURCE = /(?<!\.test)\.(ts|mjs|json|sql)$/

/**
 * Calls back after the files of apps and packages have been still for one look, with the first that changed. Calling
 * the result ends the watching.
 */
export function watchSources(onChange: (file: string) => void, base = root): () => void {
  let known = states(base)
  let first: string | undefined
  const timer = setInterval(() => {
    const now = states(base)
    const changed = firstDifference(known, now)
    known = now
    first ??= changed
    if (changed !== undefined || first === undefined) return
    const file = first
    first = undefined
    onChange(file)
  }, LOOK_EVERY_MS)
  return () => clearInterval(timer)
}

/** What tells one version of a file from the next, also of one that was put in its place with an old date. */
function states(base: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const folder of globSync(['apps/*/src', 'packages/*/src'], { cwd: base })) {
    for (const path of filesIn(join(base, folder))) {
      const state = statSync(path, { throwIfNoEntry: false })
      if (state) found.set(relative(base, path), `${state.mtimeMs} ${state.size} ${state.ino}`)
    }
  }
  return found
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => SOURCE.test(name))
      .map((name) => join(folder, name))
  } catch {
    return [] // A folder went while it was read; the next look sees the rest.
  }
}

function firstDifference(before: Map<string, string>, now: Map<string, string>): string | undefined {
  for (const [file, state] of now) if (before.get(file) !== state) return file
  for (const file of before.keys()) if (!now.has(file)) return file
  return undefined
}
