/**
 * Builds k6 with the Go toolchain of this machine, once: the result is kept in the user's cache.
 *
 * Built beside its place and renamed, so that what lies there is whole, also when two builds run at once.
 */

import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { lastLines } from './errors.ts'
import { K6_VERSION } from './k6-search.ts'
import { seconds } from './numbers.ts'
import type { Step } from './terminal.ts'

const MODULE = `go.k6.io/k6@v${K6_VERSION}`
const PROGRESS_EVERY_MS = 1_000

export type Build =
  | { readonly type: 'built' }
  /** Such as a toolchain that is too old, or no network to fetch the sources. */
  | { readonly type: 'failed'; readonly reason: string }

/** Rejects only when aborted. */
export async function buildK6(
  { goVersion, place }: { readonly goVersion: string; readonly place: string },
  { step, signal }: { readonly step: Step; readonly signal: AbortSignal },
): Promise<Build> {
  const startedAt = performance.now()
  const show = (): void => {
    const elapsed = seconds(performance.now() - startedAt)
    step.progress(`none here: building ${MODULE} with Go ${goVersion}, once, for about a minute: ${elapsed}`)
  }
  show()
  const progress = setInterval(show, PROGRESS_EVERY_MS)
  mkdirSync(dirname(place), { recursive: true })
  const workshop = mkdtempSync(join(dirname(place), '.k6-build-'))
  try {
    const failure = await goInstall(workshop, signal)
    signal.throwIfAborted()
    if (failure !== undefined) return { type: 'failed', reason: failure }
    renameSync(join(workshop, 'k6'), place)
    return { type: 'built' }
  } finally {
    clearInterval(progress)
    rmSync(workshop, { recursive: true, force: true })
  }
}

/** What went wrong, or `undefined`. */
function goInstall(target: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    // For this machine and into this folder, whatever is set for the person's own work. CGO wants a C compiler for nothing.
    const env = { ...process.env, GOBIN: target, GOOS: '', GOARCH: '', GO111MODULE: 'on', CGO_ENABLED: '0' }
    // A group of its own, because `go` starts compilers that would outlive it.
    const go = spawn('go', ['install', MODULE], { cwd: target, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const stop = (): void => {
      if (go.pid !== undefined) process.kill(-go.pid, 'SIGKILL')
    }
    signal.addEventListener('abort', stop, { once: true })
    const chunks: Buffer[] = []
    go.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    go.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    go.once('error', (error) => resolve(error.message))
    go.once('close', (code) => {
      signal.removeEventListener('abort', stop)
      resolve(code === 0 ? undefined : lastLines(Buffer.concat(chunks).toString('utf8'), 3))
    })
  })
}
