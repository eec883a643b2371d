/** What the measures begin with: a shop of its own, three processes, and a visitor of each. */

import { grouped } from './numbers.ts'
import { type Api, openShop, type Shop } from './shop.ts'
import type { Terminal } from './terminal.ts'
import { popularProducts, Visitor } from './visitor.ts'

const PROCESSES = 3
/** Products whose price is changed and watched. */
const WATCHED = 50

export interface MeasuredShop extends AsyncDisposable {
  readonly shop: Shop
  readonly api: Api
  /** Each at a process of its own. */
  readonly visitors: readonly Visitor[]
  /** The most popular products. */
  readonly popular: readonly number[]
}

export async function openMeasuredShop({
  terminal,
  signal,
  hasWorker,
}: {
  readonly terminal: Terminal
  readonly signal: AbortSignal
  readonly hasWorker: boolean
}): Promise<MeasuredShop> {
  await using stack = new AsyncDisposableStack()
  const start = terminal.step('shop')
  start.progress('starting, of its own')
  const shop = await openShop(signal)
  stack.defer(() => shop.close())
  const api = await shop.startApi({ cache: 'on', processes: PROCESSES, signal })
  stack.defer(() => api.stop())
  if (hasWorker) {
    const worker = await shop.startWorker(signal)
    stack.defer(() => worker.stop())
  }
  const visitors = api.urls.map((url) => new Visitor(url))
  stack.defer(() => {
    for (const visitor of visitors) visitor.close()
  })
  const popular = await popularProducts(api.urls[0] as string, WATCHED)
  const processes = `${PROCESSES} processes${hasWorker ? ' and a worker' : ''}`
  start.done(`${processes}, Redis ${shop.redisVersion}, ${grouped(shop.products)} products`)
  const open = stack.move()
  return { shop, api, visitors, popular, [Symbol.asyncDispose]: () => open.disposeAsync() }
}
