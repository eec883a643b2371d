/** Looks at the started shop once, as its first visitor would. */

import { setTimeout as delay } from 'node:timers/promises'

import type { Banner } from './banner.ts'

const READY_LIMIT_MS = 5_000

/** What the processes say of themselves: `ready` when all do, else the worst of it after some waiting. */
export async function readiness(urls: readonly string[]): Promise<string> {
  const states = await Promise.all(urls.map(untilReady))
  return states.find((state) => state !== 'ready') ?? 'ready'
}

async function untilReady(url: string): Promise<string> {
  const deadline = performance.now() + READY_LIMIT_MS
  for (;;) {
    const state = await fetch(`${url}/readyz`)
      .then((response) => response.json() as Promise<{ status: string }>)
      .then(({ status }) => status)
      .catch((error: Error) => error.message)
    if (state === 'ready' || performance.now() > deadline) return state
    await delay(50)
  }
}

/** A product of this shop for the lines to try, with a price that differs from the one it has. */
export async function exampleProduct(urls: readonly string[]): Promise<Banner['example']> {
  const response = await fetch(`${urls[0]}/products?limit=1`)
  const { items = [] } = (await response.json()) as {
    items?: { id: number; price: { amount: number; currency: string } }[]
  }
  const [product] = items
  if (!product) return { path: '/products/1', amount: 1999, currency: 'EUR' }
  const { amount, currency } = product.price
  return { path: `/products/${product.id}`, amount: amount === 1999 ? 1899 : 1999, currency }
}
