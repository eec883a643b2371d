/** A member's way to the source: the questions of one turn of the event loop travel together. */

import type { FromMember, Question, SourceAnswer } from './messages.ts'

export class SourceDown extends Error {
  override readonly name = 'SourceDown'
}

interface Waiting {
  resolve(versions: readonly number[]): void
  reject(error: Error): void
}

export class SourceClient {
  readonly #send: (message: FromMember) => void
  readonly #waiting = new Map<number, Waiting>()
  #questions: Question[] = []
  #asked = 0

  constructor(send: (message: FromMember) => void) {
    this.#send = send
  }

  /** The versions of these keys, in order. */
  read(keys: readonly number[]): Promise<readonly number[]> {
    return this.#ask('read', keys)
  }

  /** Counts up the version of each key. Rejecting does not mean that it did not happen. */
  commit(keys: readonly number[]): Promise<readonly number[]> {
    return this.#ask('commit', keys)
  }

  answered(answers: readonly SourceAnswer[]): void {
    for (const [number, versions] of answers) {
      const waiting = this.#waiting.get(number)
      this.#waiting.delete(number)
      if (versions === 'down') waiting?.reject(new SourceDown('The source is down'))
      else waiting?.resolve(versions)
    }
  }

  #ask(act: 'read' | 'commit', keys: readonly number[]): Promise<readonly number[]> {
    return new Promise((resolve, reject) => {
      const number = this.#asked++
      this.#waiting.set(number, { resolve, reject })
      if (this.#questions.push([number, act, keys]) > 1) return
      setImmediate(() => this.#send({ type: 'questions', questions: this.#questions.splice(0) }))
    })
  }
}
