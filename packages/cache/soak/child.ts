/** A member as the main process has it: started, heard, told, killed, and waited for. */

import { type ChildProcess, fork } from 'node:child_process'

import { now } from './instant.ts'
import type { Ledger } from './ledger.ts'
import type { FromMember, Report, Start, ToMember } from './messages.ts'
import type { Silence } from './silence.ts'
import type { Source } from './source.ts'

const STARTING_LIMIT_MS = 30_000
const ENDING_LIMIT_MS = 15_000
/** A member that reports nothing for so long hangs. */
const SILENT_LIMIT_MS = 30_000

type NewPosition = ToMember & { readonly type: 'position' }

export interface ChildOptions {
  readonly ledger: Ledger
  readonly source: Source
  /** Told of every byte from Redis for it. */
  readonly silence: Silence
  readonly onPosition: (position: NewPosition) => void
}

export class Child {
  readonly number: number
  readonly #process: ChildProcess
  readonly #options: ChildOptions
  readonly #ready = Promise.withResolvers<void>()
  /** It has ended, and everything it had said has been heard. */
  readonly gone: Promise<void>
  last: Report | undefined
  #reportedAt = now()
  #isEnding = false
  #isKilled = false
  #watch: NodeJS.Timeout | undefined

  constructor(start: Start, options: ChildOptions) {
    this.number = start.member
    this.#options = options
    this.#process = fork(new URL('./member.ts', import.meta.url), [JSON.stringify(start)], {
      execArgv: [],
      serialization: 'advanced',
    })
    this.#process.on('message', (message: FromMember) => this.#hear(message))
    const ended = new Promise<number | null>((resolve) => this.#process.once('exit', resolve))
    const silent = new Promise((resolve) => this.#process.once('disconnect', resolve))
    this.gone = Promise.all([ended, silent]).then(([code]) => this.#leave(code))
  }

  /** Resolves when it reads and writes. */
  async begin(): Promise<void> {
    const late = setTimeout(
      () => this.#ready.reject(new Error(`Process ${this.number} did not start`)),
      STARTING_LIMIT_MS,
    )
    await this.#ready.promise
    clearTimeout(late)
    this.#options.ledger.join(this.number, this.#options.silence)
    this.#reportedAt = now()
    this.#watch = setInterval(() => this.#look(), SILENT_LIMIT_MS / 10)
    this.tell({ type: 'begin' })
  }

  tell(message: ToMember): void {
    if (this.#process.connected) this.#process.send(message, () => undefined)
  }

  kill(): void {
    this.#isKilled = true
    this.#process.kill('SIGKILL')
  }

  /** In order. One that does not end by itself has left something behind. */
  async end(): Promise<void> {
    this.#isEnding = true
    this.tell({ type: 'end' })
    const late = setTimeout(() => {
      this.#options.ledger.complain(`process ${this.number} did not end by itself after its cache was closed`)
      this.kill()
    }, ENDING_LIMIT_MS)
    await this.gone
    clearTimeout(late)
  }

  #hear(message: FromMember): void {
    const { ledger, source, onPosition } = this.#options
    switch (message.type) {
      case 'ready':
        this.#ready.resolve()
        return
      case 'questions':
        source.ask(this.number, message.questions, (answers) => this.tell({ type: 'answers', answers }))
        return
      case 'report':
        this.last = message
        this.#reportedAt = now()
        ledger.report(this.number, message)
        if (message.position !== undefined) {
          const number = ledger.position(this.number, message.upTo)
          onPosition({ type: 'position', number, word: message.position })
        }
        return
      default:
        message satisfies never
    }
  }

  #leave(code: number | null): void {
    clearInterval(this.#watch)
    this.#ready.reject(new Error(`Process ${this.number} ended while it started`))
    this.#options.ledger.leave(this.number)
    if (this.#isKilled || (this.#isEnding && code === 0)) return
    this.#options.ledger.complain(`process ${this.number} ended with ${code}, ${this.#isEnding ? '' : 'not '}told to`)
  }

  #look(): void {
    if (now() - this.#reportedAt < SILENT_LIMIT_MS) return
    this.#options.ledger.complain(`process ${this.number} has reported nothing for ${SILENT_LIMIT_MS} ms`)
    this.kill()
  }
}
