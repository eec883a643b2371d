/** The people of the seeded world: customers, what they say of products, and what they have bought. */

import { BASE_INSTANT, type Catalogue, DAY, MINUTE, OLDEST_PRODUCT, ORDER_DAYS } from './catalogue.ts'
import { permutation, type Random, random } from './random.ts'
import type { Plan } from './sizes.ts'
import { FIRST_NAMES, LAST_NAMES, VERDICTS } from './words.ts'

const ORDER_WINDOW = ORDER_DAYS * DAY

const SHIPPING = 499
const FREE_SHIPPING_FROM = 5_000

/** How many of one thing a line asks for, from one to four. */
const QUANTITY_WEIGHTS = [80, 14, 4, 2]

export interface SeededCustomer {
  readonly id: number
  readonly email: string
  readonly name: string
  readonly createdAt: number
}

export interface SeededReview {
  readonly id: number
  readonly productId: number
  readonly customerId: number
  readonly rating: number
  readonly title: string
  readonly body: string
  readonly createdAt: number
}

interface SeededLine {
  readonly position: number
  readonly variantId: number
  readonly quantity: number
  readonly unitAmount: number
}

export interface SeededOrder {
  readonly id: string
  readonly customerId: number
  readonly idempotencyKey: string
  readonly status: 'placed' | 'paid' | 'shipped' | 'cancelled'
  readonly itemsAmount: number
  readonly shippingAmount: number
  readonly createdAt: number
  readonly lines: readonly SeededLine[]
}

export function* customers({ customers: count }: Plan): Generator<SeededCustomer> {
  for (let id = 1; id <= count; id++) {
    const chance = random('customer', id)
    const first = chance.pick(FIRST_NAMES)
    const last = chance.pick(LAST_NAMES)
    yield {
      id,
      email: `${first}.${last}.${id}@example.com`.toLowerCase(),
      name: `${first} ${last}`,
      // Older than any product, so that nobody reviews before he joined.
      createdAt: BASE_INSTANT - OLDEST_PRODUCT * DAY - chance.int(3 * 365 * 24 * 60) * MINUTE,
    }
  }
}

export function* reviews(plan: Plan, catalogue: Catalogue): Generator<SeededReview> {
  for (let productId = 1; productId <= plan.products; productId++) {
    const { first } = catalogue.reviewsOf(productId)
    const createdAt = catalogue.createdAt(productId)
    const ageInMinutes = (BASE_INSTANT - createdAt) / MINUTE
    // Nobody reviews a product twice, so its reviewers are the beginning of a shuffle of all customers.
    const reviewers = permutation('reviewers', productId, plan.customers)
    let index = 0
    for (const rating of catalogue.ratingsOf(productId)) {
      const chance = random('review', first + index)
      const verdict = VERDICTS[rating - 1]
      if (!verdict) throw new RangeError(`No words for ${rating} stars`)
      yield {
        id: first + index + 1,
        productId,
        customerId: reviewers.at(index) + 1,
        rating,
        title: chance.pick(verdict.titles),
        body: chance.chance(0.3) ? '' : say(chance, verdict.sentences),
        createdAt: createdAt + chance.int(ageInMinutes) * MINUTE,
      }
      index++
    }
  }
}

function say(chance: Random, sentences: readonly string[]): string {
  const first = chance.int(sentences.length)
  const second = (first + 1 + chance.int(sentences.length - 1)) % sentences.length
  return chance.chance(0.5) ? `${sentences[first]}` : `${sentences[first]} ${sentences[second]}`
}

/** Oldest first, so that their time-ordered ids (RFC 9562, version 7) grow. */
export function* orders(plan: Plan, catalogue: Catalogue): Generator<SeededOrder> {
  const shuffledLines = permutation('lines', 0, plan.orderLines)
  let line = 0
  for (let index = 0; index < plan.orders; index++) {
    const chance = random('order', index)
    const position = (index + chance.next()) / plan.orders
    const createdAt = BASE_INSTANT - ORDER_WINDOW + Math.floor(position * ORDER_WINDOW)
    const lines: SeededLine[] = []
    const taken = new Set<number>()
    for (let left = linesOf(index); left > 0; left--) {
      let productId = catalogue.productOfLine(shuffledLines.at(line))
      // No product twice in an order, and none that did not exist yet: then the one just below in popularity.
      while (taken.has(productId) || catalogue.createdAt(productId) > createdAt) {
        productId = catalogue.lessPopular(productId)
      }
      taken.add(productId)
      const variant = chance.pick(catalogue.variantsOf(productId))
      lines.push({
        position: lines.length + 1,
        variantId: variant.id,
        quantity: chance.weighted(QUANTITY_WEIGHTS) + 1,
        unitAmount: createdAt < variant.pricedAt && variant.compareAt !== null ? variant.compareAt : variant.amount,
      })
      line++
    }
    const itemsAmount = lines.reduce((sum, { quantity, unitAmount }) => sum + quantity * unitAmount, 0)
    yield {
      id: timeOrderedId(createdAt, chance),
      // Squared, so that some customers come back often and many only once.
      customerId: 1 + Math.floor(chance.next() * chance.next() * plan.customers),
      idempotencyKey: `seed-${index + 1}`,
      status: statusAt(createdAt, chance),
      itemsAmount,
      shippingAmount: itemsAmount >= FREE_SHIPPING_FROM ? 0 : SHIPPING,
      createdAt,
      lines,
    }
  }
}

/** Three orders in a row share ten lines, cut at two places. */
function linesOf(index: number): number {
  const chance = random('cuts', Math.floor(index / 3))
  const a = 1 + chance.int(9)
  const b = 1 + ((a + chance.int(8)) % 9)
  const cuts = [0, Math.min(a, b), Math.max(a, b), 10]
  return (cuts[(index % 3) + 1] ?? 0) - (cuts[index % 3] ?? 0)
}

function statusAt(createdAt: number, chance: Random): SeededOrder['status'] {
  if (chance.chance(0.04)) return 'cancelled'
  const age = BASE_INSTANT - createdAt
  if (age < DAY / 4) return 'placed'
  return age < 2 * DAY ? 'paid' : 'shipped'
}

function timeOrderedId(at: number, chance: Random): string {
  const hex = (digits: number): string =>
    chance
      .int(16 ** digits)
      .toString(16)
      .padStart(digits, '0')
  const time = at.toString(16).padStart(12, '0')
  const variant = (8 + chance.int(4)).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${variant}${hex(3)}-${hex(6)}${hex(6)}`
}
