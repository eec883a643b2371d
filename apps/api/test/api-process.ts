/** The API as a process of its own, with what it logs. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export const ADMIN_TOKEN = 'the-token-of-this-process'

type Line = Readonly<Record<string, unknown>>

export class ApiProcess {
  readonly child: ChildProcess
  readonly lines: Line[] = []
  errors = ''
  url = ''
  readonly #ended: Promise<unknown>

  /** It does not warm itself unless that is asked for: a test wants to see the first read. */
  constructor(environment: Readonly<Record<string, string>>) {
    this.child = fork(MAIN, {
      env: { PATH: process.env.PATH, PORT: '0', ADMIN_TOKEN, WARM_LIMIT_MS: '0', ...environment },
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
    if (stdout) createInterface(stdout).on('line', (line) => this.lines.push(JSON.parse(line)))
    onTestFinished(() => void this.child.kill('SIGKILL'))
  }

  async listening(): Promise<void> {
    const [message] = await Promise.race([
      once(this.child, 'message'),
      this.#ended.then(() => {
        throw new Error(`It ended instead of listening: ${this.errors}${JSON.stringify(this.lines)}`)
      }),
    ])
    this.url = message.url
  }

  /** Its exit code, when it has ended. */
  async exitCode(): Promise<number | null> {
    await this.#ended
    return this.child.exitCode
  }

  async logs(message: string): Promise<Line> {
    const find = () => this.lines.find(({ msg }) => msg === message)
    await expect.poll(find, { timeout: 10_000, interval: 5 }).toBeDefined()
    return find() as Line
  }
}

export async function startApi(environment: Readonly<Record<string, string>>): Promise<ApiProcess> {
  const api = new ApiProcess(environment)
  await api.listening()
  return api
}
