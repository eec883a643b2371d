/** A loader that answers when the test says so: each call waits until it is resolved or rejected by its number. */

interface Call<A, V> {
  readonly argument: A
  readonly signal: AbortSignal | undefined
  resolve(value: V | undefined): void
  reject(error: unknown): void
}

export class GatedLoad<A, V> {
  readonly #calls: Call<A, V>[] = []
  readonly #watchers = new Set<() => void>()

  get calls(): number {
    return this.#calls.length
  }

  /** Give this as the `load` of a resource. */
  readonly load = (argument: A, context?: { readonly signal: AbortSignal }): Promise<V | undefined> => {
    return new Promise((resolve, reject) => {
      this.#calls.push({ argument, signal: context?.signal, resolve, reject })
      for (const watcher of this.#watchers) watcher()
    })
  }

  /** Resolves once the loader has been called `count` times. */
  called(count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#calls.length < count) return
        this.#watchers.delete(look)
        resolve()
      }
      this.#watchers.add(look)
      look()
    })
  }

  signal(call: number): AbortSignal | undefined {
    return this.#call(call).signal
  }

  /** Answers the call of this number, from 0. */
  resolve(call: number, value: V | undefined): void {
    this.#call(call).resolve(value)
  }

  reject(call: number, error: unknown): void {
    this.#call(call).reject(error)
  }

  #call(number: number): Call<A, V> {
    const call = this.#calls[number]
    if (!call) throw new Error(`The loader has been called ${this.#calls.length} times; there is no call ${number}`)
    return call
  }
}
