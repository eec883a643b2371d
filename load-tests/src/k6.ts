/** A k6 that can be started, by whatever way this machine offers. */

import { buildK6 } from './k6-build.ts'
import { findContainer, findK6, K6_VERSION, type K6Binary, type K6Container } from './k6-search.ts'
import type { Step } from './terminal.ts'

export type K6 = K6Binary | K6Container

const ORIGINS = {
  variable: 'named by the variable K6',
  path: 'from the PATH',
  cache: 'built earlier',
  build: 'built and kept for the next time',
} as const

/** Finds one, or builds one. Rejects with a `LoadTestError` that says how to install it. */
export async function obtainK6(options: { readonly step: Step; readonly signal: AbortSignal }): Promise<K6> {
  const found = await findK6()
  if (found.type !== 'go') return found
  const build = await buildK6(found, options)
  if (build.type === 'built') {
    return { type: 'binary', from: 'build', command: found.place, version: K6_VERSION }
  }
  return findContainer(undefined, [`Building it with Go ${found.goVersion} failed: ${build.reason}`])
}

export function describeK6(k6: K6): string {
  return `${k6.version}, ${k6.type === 'binary' ? ORIGINS[k6.from] : `from the image ${k6.image}`}`
}
