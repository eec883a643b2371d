/** A fleet of real processes (member.ts), each with a cache and a bare client on one Redis. */

import { type ChildProcess, fork } from 'node:child_process'

import type { Answer, Order } from './orders.ts'

export class Member {
  readonly #process: ChildProcess
  #answer: PromiseWithResolvers<Answer> = Promise.withResolvers()

  constructor(url: string) {
    this.#process = fork(new URL('./member.ts', import.meta.url), [url], { execArgv: [] })
    this.#process.on('message', (answer: Answer) => this.#answer.resolve(answer))
    this.#process.once('exit', (code) => this.#answer.reject(new Error(`a member ended with ${code}`)))
  }

  /** Rejects when it answers something else, or ends. */
  async answer<T extends Answer['type']>(type: T): Promise<Answer & { type: T }> {
    const answer = await this.#answer.promise
    this.#answer = Promise.withResolvers()
    if (answer.type !== type) throw new Error(`a member answered ${answer.type} instead of ${type}`)
    return answer as Answer & { type: T }
  }

  /** One order at a time. */
  ask<T extends Answer['type']>(order: Order, type: T): Promise<Answer & { type: T }> {
    this.#process.send(order)
    return this.answer(type)
  }

  stop(): void {
    this.#answer.promise.catch(() => undefined)
    this.#process.kill('SIGKILL')
  }
}

export async function openFleet(stack: AsyncDisposableStack, url: string, count: number): Promise<readonly Member[]> {
  const members = Array.from({ length: count }, () => stack.adopt(new Member(url), (member) => member.stop()))
  await Promise.all(members.map((member) => member.answer('ready')))
  return members
}
