/** A worker or an API as a process of its own, with what it logs. Killed at the end of its test. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'

const MAIN = {
  api: fileURLToPath(new URL('../../api/src/main.ts', import.meta.url)),
  worker: fileURLToPath(new URL('../src/main.ts', import.meta.url)),
} as const

/** What an API of the tests takes for the token of an administrator. */
export const ADMIN_TOKEN = 'the-token-of-this-process'

/** It does not warm itself: a test wants to see the first read. */
const API = { ADMIN_TOKEN, WARM_LIMIT_MS: '0' } as const

export type Line = Readonly<Record<string, unknown>>

export class ShopProcess {
  readonly child: ChildProcess
  readonly lines: Line[] = []
  errors = ''
  url = ''
  readonly #ended: Promise<unknown>

  constructor(kind: keyof typeof MAIN, environment: Readonly<Record<string, string>>) {
    this.child = fork(MAIN[kind], {
      env: { PATH: process.env.PATH, PORT: '0', ...(kind === 'api' && API), ...environment },
      execArgv: [],
      silent: true,
    })
    // With its output, the last of which may come after 'exit'.
    const { stdout, stderr } = this.child
    this.#ended = Promise.all([
      once(this.child, 'exit'),
      ...[stdout, stderr].map((stream) => stream && finished(stream)),
    ])
    stderr?.on('data', (chunk) => {
      this.errors += chunk
    })
    if (stdout) createInterface({ input: stdout }).on('line', (line) => this.lines.push(JSON.parse(line)))
    onTestFinished(() => this.kill())
  }

  async listening(): Promise<this> {
    const [message] = await Promise.race([
      once(this.child, 'message'),
      this.#ended.then(() => {
        throw new Error(`It ended instead of listening: ${this.errors}${JSON.stringify(this.lines)}`)
      }),
    ])
    this.url = message.url
    return this
  }

  /** Its exit code, when it has ended. */
  async exitCode(): Promise<number | null> {
    await this.#ended
    return this.child.exitCode
  }

  /** With SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.#ended
  }

  said(message: string): readonly Line[] {
    return this.lines.filter(({ msg }) => msg === message)
  }

  /** The first such line, waited for. */
  async logs(message: string): Promise<Line> {
    await expect.poll(() => this.said(message).length, { timeout: 30_000, interval: 5 }).toBeGreaterThan(0)
    return this.said(message)[0] as Line
  }
}
