/** A shop that is open: processes that answer, of its own or somewhere else, and what visitors can ask for there. */

import { ask } from './client.ts'
import { shopFailed } from './errors.ts'
import { type PostgresWatch, watchPostgres } from './products-lock.ts'
import { redisCommand } from './redis-command.ts'
import { type Credentials, ownShop, type Scene, type ShopElsewhere } from './scenario.ts'
import type { Api, ApiOptions, Shop } from './shop.ts'
import type { Variant } from './variant.ts'

/** Of a shop of its own: more would only share two cores. */
const PROCESSES = 3

const PAGE = 100

/** As in production. */
const TRACE_RATIO = 0.01

export interface Catalogue {
  /** On sale, the most popular first. */
  readonly products: readonly number[]
  readonly categories: readonly string[]
}

export interface Site extends AsyncDisposable {
  readonly urls: readonly string[]
  readonly catalogue: Catalogue
  pids(): readonly (number | undefined)[]
  /** Absent where the statements of Postgres are not ours to count. */
  readonly watch: PostgresWatch | undefined
  /** Absent where nothing may be done to it. */
  readonly credentials: Credentials | undefined
}

/** A site of which everything is in our hands. */
export interface OwnSite extends Site {
  readonly shop: Shop
  readonly api: Api
  readonly watch: PostgresWatch
  readonly credentials: Credentials
}

/** From cold: Redis is empty, the processes are new, no statement was counted. */
export async function openSite(scene: Scene, variant: Variant, options: SiteOptions = {}): Promise<Site | OwnSite> {
  return 'databaseUrl' in scene.place ? openOwnSite(scene, variant, options) : siteElsewhere(scene.place)
}

export interface SiteOptions extends Pick<ApiOptions, 'env' | 'statementLimitMs' | 'traceRatio'> {
  /** @default true */
  readonly hasWorker?: boolean
}

export async function openOwnSite(
  scene: Scene,
  cache: Variant,
  { hasWorker = true, traceRatio = TRACE_RATIO, ...options }: SiteOptions = {},
): Promise<OwnSite> {
  const shop = ownShop(scene)
  const { signal } = scene
  await using stack = new AsyncDisposableStack()
  await redisCommand(shop.redisUrl, 'FLUSHALL')
  if (hasWorker) {
    const worker = await shop.startWorker(signal)
    stack.defer(() => worker.stop())
  }
  // The examples are of the shop as it is: a control has nothing to follow.
  const traces = cache === 'on' ? { traceRatio } : {}
  const api = await shop.startApi({ cache, processes: PROCESSES, signal, ...traces, ...options })
  stack.defer(() => api.stop())
  const watch = watchPostgres(shop.databaseUrl)
  stack.defer(() => watch.close())
  const catalogue = await watch.popularity()
  // Statements are prepared once per connection and process: that is no part of a request.
  await Promise.all(api.urls.map((url) => ask(`${url}/readyz`)))
  await watch.countFromHere()
  const open = stack.move()
  return {
    shop,
    api,
    urls: api.urls,
    catalogue,
    watch,
    credentials: {
      databaseUrl: shop.databaseUrl,
      adminToken: api.adminToken,
      customerTokenSecret: shop.customerTokenSecret,
    },
    pids: () => api.processes.map(({ pid }) => pid),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/** What its pages tell, as anybody can read them. */
async function siteElsewhere({ urls, credentials }: ShopElsewhere): Promise<Site> {
  const [url = ''] = urls
  const products: number[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const { status, body } = await ask(`${url}/products?sort=popular&limit=${PAGE}${after}`).catch((error: Error) => {
      throw shopFailed(`of BASE_URL cannot be asked (${error.message})`)
    })
    const page = body as { readonly items?: readonly { readonly id: number }[]; readonly nextCursor?: string | null }
    if (status !== 200 || !page.items) throw shopFailed(`at ${url} does not list its products (${status})`)
    products.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor ?? null
  }
  const { body } = await ask(`${url}/categories`)
  const categories = slugsIn(body)
  if (products.length === 0 || categories.length === 0) throw shopFailed(`at ${url} has nothing to sell`)
  return {
    urls,
    catalogue: { products, categories },
    watch: undefined,
    credentials,
    pids: () => [],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** Of a tree, however deep. */
function slugsIn(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(slugsIn)
  if (typeof node !== 'object' || node === null) return []
  const slug = 'slug' in node && typeof node.slug === 'string' ? [node.slug] : []
  return [...slug, ...Object.values(node).flatMap(slugsIn)]
}
