/** Looking at the shop from outside: an answer as JSON, and waiting until something is so. */

/** Throws what was answered if that is no success. */
export async function json<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as T
}

/** Asks every 20 ms. Resolves to how many milliseconds it took. */
export async function until(condition: () => Promise<boolean>, limit: number, what: string): Promise<number> {
  const startedAt = performance.now()
  while (!(await condition())) {
    if (performance.now() - startedAt > limit) throw new Error(`Waited ${limit} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return Math.round(performance.now() - startedAt)
}

export interface Priced {
  readonly price: { readonly amount: number }
}
