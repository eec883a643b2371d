/**
 * The Node that runs the project's TypeScript: the one npm installed (`node_modules/node`), else this one if it is new
 * enough. The first may exist and still not run, as on a system with another C library.
 */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export const NODE_FLOOR = 24

/**
 * @param {string} root
 * @returns {string | undefined}
 */
export function findNode(root) {
  const pinned = join(root, 'node_modules', 'node', 'bin', 'node')
  if (existsSync(pinned) && spawnSync(pinned, ['--version']).status === 0) return pinned
  return Number.parseInt(process.versions.node, 10) >= NODE_FLOOR ? process.execPath : undefined
}
