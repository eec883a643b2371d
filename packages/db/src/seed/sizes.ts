/** How much a seed writes. Counts of variants follow from the products; everything else is exactly this. */

export type SeedSize = 'tiny' | 'demo' | 'large'

export interface Plan {
  readonly size: SeedSize
  /** How much of the taxonomy is used: roots, branches of each, leaves of each branch. */
  readonly tree: readonly [roots: number, branches: number, leaves: number]
  readonly products: number
  readonly customers: number
  readonly reviews: number
  /** A multiple of three, because three orders share ten lines. */
  readonly orders: number
  readonly orderLines: number
}

export const PLANS: Readonly<Record<SeedSize, Plan>> = Object.freeze({
  /** For tests: 4 + 8 + 24 categories. */
  tiny: plan('tiny', [4, 2, 3], { products: 500, customers: 1_000, reviews: 5_000, orders: 3_000 }),
  /** For trying things out: 12 + 48 + 240 categories. */
  demo: plan('demo', [12, 4, 5], { products: 10_000, customers: 20_000, reviews: 100_000, orders: 60_000 }),
  /** For measuring what only size shows. */
  large: plan('large', [12, 4, 5], { products: 1_000_000, customers: 200_000, reviews: 1_000_000, orders: 600_000 }),
})

type Counts = Pick<Plan, 'products' | 'customers' | 'reviews' | 'orders'>

function plan(size: SeedSize, tree: Plan['tree'], counts: Counts): Plan {
  return Object.freeze({ size, tree, ...counts, orderLines: (counts.orders / 3) * 10 })
}
