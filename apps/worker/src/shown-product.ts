/**
 * What a product shows of itself: as Postgres has it, as an API process answers it, and where the two differ.
 *
 * Absent is what no read finds: a product that is gone, or archived.
 */

import type { Sql } from '@shop/db'
import { traceHeaders } from '@shop/telemetry'

import type { AuditTier } from './events.ts'

export interface ShownProduct {
  readonly name: string
  readonly brand: string
  readonly description: string
  readonly category: { readonly slug: string; readonly name: string }
  readonly price: { readonly amount: number; readonly currency: string; readonly compareAt?: number }
  readonly inStock: boolean
  readonly rating: { readonly average: number | null; readonly count: number }
  readonly version: number
}

const FIELDS = ['name', 'brand', 'description', 'category', 'price', 'inStock', 'rating', 'version'] as const

export type Shown = ReadonlyMap<number, ShownProduct>

const ANSWER_LIMIT_MS = 2_000

export async function shownByPostgres(sql: Sql, ids: readonly number[]): Promise<Shown> {
  const rows = await sql<{ id: number; shown: ShownProduct }[]>`
    select p.id, json_build_object(
        'name', p.name, 'brand', p.brand, 'description', p.description,
        'category', json_build_object('slug', c.slug, 'name', c.name),
        'price', json_strip_nulls(json_build_object(
          'amount', p.price_amount, 'currency', p.currency, 'compareAt', p.price_compare_at)),
        'inStock', p.in_stock,
        'rating', json_build_object('average', p.rating_average, 'count', p.rating_count),
        'version', p.version) as shown
      from products p join categories c on c.id = p.category_id
      where p.id = any(${[...ids]}::bigint[]) and p.status = 'active'`
  return new Map(rows.map(({ id, shown }) => [id, shown]))
}

/** What an API process answers, and the tier it names for the least cached part of it. */
export async function shownByApi(url: string, ids: readonly number[]): Promise<{ shown: Shown; tier: AuditTier }> {
  const response = await fetch(`${url}/products?ids=${ids.join(',')}`, {
    headers: traceHeaders(),
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  })
  if (!response.ok) throw new Error(`GET /products?ids= was answered with ${response.status}`)
  const { items } = (await response.json()) as { items: readonly (ShownProduct & { id: number })[] }
  return {
    shown: new Map(items.map((item) => [item.id, item])),
    tier: tierOf(response.headers.get('Cache-Status') ?? ''),
  }
}

/** The fields that are not the same; `presence` when one side has no such product. */
export function differingFields(one: ShownProduct | undefined, other: ShownProduct | undefined): readonly string[] {
  if (one === undefined || other === undefined) return one === other ? [] : ['presence']
  return FIELDS.filter((field) => canonical(one[field]) !== canonical(other[field]))
}

/** `Cache-Status` of RFC 9211, as @shop/cache writes it. */
function tierOf(cacheStatus: string): AuditTier {
  if (cacheStatus.includes('detail=memory')) return 'memory'
  return cacheStatus.includes('detail=redis') ? 'redis' : 'source'
}

/** The same text for the same content, whatever the order and whatever else an object has. */
function canonical(value: ShownProduct[(typeof FIELDS)[number]]): string {
  if (typeof value !== 'object') return JSON.stringify(value)
  const { id: _, ...own } = value as Readonly<Record<string, unknown>>
  return JSON.stringify(Object.entries(own).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
