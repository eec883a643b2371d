/**
 * The goods: categories, products, and what each variant costs and how many there are.
 *
 * Every fact about a product follows from its number, so that an order can ask for the price of any product without
 * the products being kept: a million of them take a few running sums of memory, not a million rows.
 */

import { deal, ownerOf, type Permutation, permutation, type Random, random, zipf } from './random.ts'
import type { Plan } from './sizes.ts'
import { type Branch, CLOSINGS, COLOURS, type Leaf, OPENINGS, PRAISES, type Root, TAXONOMY } from './words.ts'

/** Where the seeded world stands still. Nothing in it happens later. */
export const BASE_INSTANT = Date.UTC(2026, 10, 1)

/** How old the oldest product is at most, and over how long orders were taken, in days. */
export const OLDEST_PRODUCT = 4 * 365
export const ORDER_DAYS = 180

export const MINUTE = 60_000
export const DAY = 24 * 60 * MINUTE

export const CURRENCY = 'EUR'

/** Two letters without I and O, and four digits: more models than the largest seed has products. */
const MODEL_LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
const MODELS = MODEL_LETTERS.length ** 2 * 10_000

/** How prices end, and how often: .99, .95, .50 and .00. */
const ENDINGS = [99, 95, 50, 0]
const ENDING_WEIGHTS = [55, 20, 10, 15]

const SHARE_ARCHIVED = 0.03
const SHARE_NEW = 0.04
const SHARE_REDUCED = 0.18
const SHARE_SOLD_OUT = 0.05
const SHARE_VARIANT_SOLD_OUT = 0.07
const SHARE_UNREVIEWED = 0.2

/** How stars fall, from one to five, for a product that is loved, liked, mixed or poor, and how many are. */
const MOODS = [
  [2, 2, 6, 22, 68],
  [4, 5, 13, 38, 40],
  [14, 15, 24, 27, 20],
  [38, 24, 18, 12, 8],
]
const MOOD_WEIGHTS = [46, 36, 13, 5]

export interface SeededCategory {
  readonly id: number
  readonly parentId: number | null
  readonly slug: string
  readonly name: string
  readonly path: string
  readonly position: number
}

export interface SeededVariant {
  readonly id: number
  readonly productId: number
  readonly sku: string
  readonly title: string
  readonly attributes: Readonly<Record<string, string>>
  readonly position: number
  readonly amount: number
  readonly compareAt: number | null
  /** Since when it costs `amount`; before, it cost `compareAt`, or the same. */
  readonly pricedAt: number
  readonly quantity: number
}

export interface SeededProduct {
  readonly id: number
  readonly slug: string
  readonly name: string
  readonly description: string
  readonly categoryId: number
  readonly brand: string
  readonly status: 'active' | 'archived'
  readonly priceAmount: number
  readonly priceCompareAt: number | null
  readonly inStock: boolean
  readonly ratingSum: number
  readonly ratingCount: number
  readonly popularity: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** A leaf with the words of everything above it. */
interface Shelf {
  readonly categoryId: number
  readonly root: Root
  readonly branch: Branch
  readonly leaf: Leaf
}

export function slugify(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}

/** A price in minor units, near `euros`, that ends as prices do. */
function priceLike(euros: number, ending: number): number {
  return Math.max(1, Math.floor(euros)) * 100 + ending
}

export class Catalogue {
  readonly categories: readonly SeededCategory[]
  readonly #plan: Plan
  readonly #shelves: readonly Shelf[]
  readonly #ranks: Permutation
  readonly #models: Permutation
  /** Running sums per product: the variants before it, its reviews, its order lines. */
  readonly #variants: Uint32Array
  readonly #reviews: Uint32Array
  readonly #lines: Uint32Array

  constructor(plan: Plan) {
    this.#plan = plan
    const { categories, shelves } = plantTree(plan.tree)
    this.categories = categories
    this.#shelves = shelves
    this.#ranks = permutation('rank', 0, plan.products)
    this.#models = permutation('model', 0, MODELS)

    const wanted = new Float64Array(plan.products)
    const reviewed = new Float64Array(plan.products)
    this.#variants = new Uint32Array(plan.products + 1)
    for (let i = 0; i < plan.products; i++) {
      const chance = random('reviewed', i + 1)
      const rank = this.#ranks.at(i) + 1
      wanted[i] = zipf(rank)
      // What nearly everybody buys, somebody has reviewed.
      const unreviewed = chance.chance(SHARE_UNREVIEWED) && rank > plan.products / 10
      reviewed[i] = unreviewed ? 0 : zipf(rank) * (0.4 + 1.2 * chance.next())
      this.#variants[i + 1] = (this.#variants[i] ?? 0) + this.#range(i + 1).count
    }
    this.#lines = deal(plan.orderLines, wanted)
    this.#reviews = deal(plan.reviews, reviewed)
  }

  get variantCount(): number {
    return this.#variants[this.#plan.products] ?? 0
  }

  /** Most are older than the oldest order, so that they had the whole time to sell according to their popularity. */
  createdAt(id: number): number {
    const chance = random('created', id)
    const [youngest, oldest] = chance.chance(SHARE_NEW) ? [1, ORDER_DAYS] : [ORDER_DAYS, OLDEST_PRODUCT]
    return BASE_INSTANT - youngest * DAY - chance.int((oldest - youngest) * 24 * 60) * MINUTE
  }

  /** The product that order line number `index` asks for: the more popular, the more lines. */
  productOfLine(index: number): number {
    return ownerOf(this.#lines, index) + 1
  }

  /** The next less popular product, and after the last the first. */
  lessPopular(id: number): number {
    const rank = this.#ranks.at(id - 1)
    return this.#ranks.indexOf((rank + 1) % this.#plan.products) + 1
  }

  /** The numbers of a product's reviews: from `first` up to but not including `end`. */
  reviewsOf(id: number): { readonly first: number; readonly end: number } {
    return { first: this.#reviews[id - 1] ?? 0, end: this.#reviews[id] ?? 0 }
  }

  /** The stars of a product's reviews, in the order of their numbers. */
  *ratingsOf(id: number): Generator<number> {
    const { first, end } = this.reviewsOf(id)
    const weights = MOODS[random('mood', id).weighted(MOOD_WEIGHTS)] ?? []
    for (let review = first; review < end; review++) yield random('rating', review).weighted(weights) + 1
  }

  variantsOf(id: number): SeededVariant[] {
    const { leaf } = this.#shelf(id)
    const { start, count } = this.#range(id)
    const firstId = (this.#variants[id - 1] ?? 0) + 1
    const model = this.#model(id)
    const chance = random('offer', id)
    const base = chance.logNormal(leaf.median, 0.45)
    const ending = ENDINGS[chance.weighted(ENDING_WEIGHTS)] ?? 99
    const createdAt = this.createdAt(id)
    const reducedAt = BASE_INSTANT - MINUTE * (1 + chance.int(60 * 24 * 60))
    const reduced = chance.chance(SHARE_REDUCED) && reducedAt > createdAt
    const reduction = 1.12 + 0.5 * chance.next()
    const soldOut = chance.chance(SHARE_SOLD_OUT)
    const colour = chance.pick(COLOURS)
    const { attribute, choices } = leaf.choices

    return choices.slice(start, start + count).map(([label, surcharge], position) => {
      const amount = priceLike(base * (1 + surcharge / 100), ending)
      const stock = random('stock', firstId + position)
      return {
        id: firstId + position,
        productId: id,
        sku: `${model}-${String(start + position + 1).padStart(2, '0')}`,
        title: attribute === 'colour' ? label : `${colour}, ${label}`,
        attributes: attribute === 'colour' ? { colour: label } : { colour, [attribute]: label },
        position,
        amount,
        compareAt: reduced ? Math.max(priceLike((amount / 100) * reduction, ending), amount + 100) : null,
        pricedAt: reduced ? reducedAt : createdAt,
        quantity: soldOut || stock.chance(SHARE_VARIANT_SOLD_OUT) ? 0 : 1 + Math.floor(stock.logNormal(18, 1.1)),
      }
    })
  }

  product(id: number): SeededProduct {
    const { root, branch, leaf, categoryId } = this.#shelf(id)
    const chance = random('product', id)
    const model = this.#model(id)
    const brand = chance.pick(root.brands)
    const material = chance.pick(leaf.materials ?? branch.materials)
    const noun = chance.pick(leaf.nouns)
    const adjective = chance.pick(root.adjectives)
    const name = `${brand} ${adjective} ${material} ${noun} ${model}`
    const variants = this.variantsOf(id)
    const cheapest = variants.reduce((low, variant) => (variant.amount < low.amount ? variant : low))
    const ratings = [...this.ratingsOf(id)]
    const createdAt = this.createdAt(id)
    return {
      id,
      slug: slugify(name),
      name,
      description: describe(chance, branch),
      categoryId,
      brand,
      status: chance.chance(SHARE_ARCHIVED) ? 'archived' : 'active',
      priceAmount: cheapest.amount,
      priceCompareAt: cheapest.compareAt,
      inStock: variants.some(({ quantity }) => quantity > 0),
      ratingSum: ratings.reduce((sum, rating) => sum + rating, 0),
      ratingCount: ratings.length,
      popularity: zipf(this.#ranks.at(id - 1) + 1),
      createdAt,
      updatedAt: cheapest.pricedAt,
    }
  }

  *products(): Generator<SeededProduct> {
    for (let id = 1; id <= this.#plan.products; id++) yield this.product(id)
  }

  *variants(): Generator<SeededVariant> {
    for (let id = 1; id <= this.#plan.products; id++) yield* this.variantsOf(id)
  }

  #shelf(id: number): Shelf {
    return random('shelf', id).pick(this.#shelves)
  }

  #model(id: number): string {
    const code = this.#models.at(id)
    const letters = Math.floor(code / 10_000)
    const first = MODEL_LETTERS.charAt(Math.floor(letters / MODEL_LETTERS.length))
    const second = MODEL_LETTERS.charAt(letters % MODEL_LETTERS.length)
    return `${first}${second}-${String(code % 10_000).padStart(4, '0')}`
  }

  /** Which of the leaf's choices the product comes in: neighbours, at most five. */
  #range(id: number): { readonly start: number; readonly count: number } {
    const { length } = this.#shelf(id).leaf.choices.choices
    const chance = random('range', id)
    const count = 1 + chance.int(Math.min(length, 5))
    return { start: chance.int(length - count + 1), count }
  }
}

function describe(chance: Random, { features }: Branch): string {
  const first = chance.int(features.length)
  const second = (first + 1 + chance.int(features.length - 1)) % features.length
  const praise = `${chance.pick(PRAISES)} it ${features[first]} and ${features[second]}.`
  return [chance.pick(OPENINGS), praise, chance.pick(CLOSINGS)].join(' ')
}

function plantTree([roots, branches, leaves]: Plan['tree']): {
  readonly categories: SeededCategory[]
  readonly shelves: Shelf[]
} {
  const categories: SeededCategory[] = []
  const shelves: Shelf[] = []
  const plant = (name: string, parent: SeededCategory | undefined, position: number): SeededCategory => {
    const slug = slugify(name)
    const category = {
      id: categories.length + 1,
      parentId: parent?.id ?? null,
      slug,
      name,
      path: parent ? `${parent.path}/${slug}` : slug,
      position,
    }
    categories.push(category)
    return category
  }
  for (const [r, root] of TAXONOMY.slice(0, roots).entries()) {
    const rootCategory = plant(root.name, undefined, r)
    for (const [b, branch] of root.branches.slice(0, branches).entries()) {
      const branchCategory = plant(branch.name, rootCategory, b)
      for (const [l, leaf] of branch.leaves.slice(0, leaves).entries()) {
        shelves.push({ categoryId: plant(leaf.name, branchCategory, l).id, root, branch, leaf })
      }
    }
  }
  return { categories, shelves }
}
