import { connect } from '@shop/db'
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { createDatabase } from '../../test/database.ts'
import { insertFixtureWithoutOrders } from '../../test/ordering.ts'
import { type OrderRepository, type OrderResult, postgresOrders } from './repository.ts'

const database = await createDatabase()
const { sql } = database
const statements: string[] = []
const shop = connect({
  url: database.url,
  max: 10,
  hook: ({ statement }, run) => {
    statements.push(statement)
    return run()
  },
})
const orders = postgresOrders(shop.db)
afterAll(async () => {
  await shop.close()
  await database.close()
})
beforeEach(async () => {
  await insertFixtureWithoutOrders(sql)
  statements.length = 0
})

/** The fixture has five pieces of each of these, all in EUR. The first two are of one product each. */
const [STEEL, GLASS, OVER] = [1, 3, 5] as const

interface Attempt {
  readonly key?: string
  readonly customer?: number
}

/** Lines as pairs of variant and quantity. */
function place(lines: readonly (readonly [number, number])[], { key = 'a-key', customer = 1 }: Attempt = {}) {
  return orders.place({
    customerId: customer,
    idempotencyKey: key,
    lines: lines.map(([variantId, quantity]) => ({ variantId, quantity })),
  })
}

function typesOf(results: readonly OrderResult[]): readonly string[] {
  return results.map(({ type }) => type).toSorted()
}

async function left(variantId: number): Promise<number | undefined> {
  const [row] = await sql<{ quantity: number }[]>`select quantity from stock where variant_id = ${variantId}`
  return row?.quantity
}

async function countOrders(): Promise<number | undefined> {
  const [row] = await sql<{ count: number }[]>`select count(*) from orders`
  return row?.count
}

/** Runs `meanwhile` beside a transaction that has done `first` and commits afterwards. */
async function beside(first: string, meanwhile: () => Promise<void>, last = 'select'): Promise<void> {
  await sql.begin(async (tx) => {
    await tx.unsafe(first)
    await meanwhile()
    await tx.unsafe(last)
  })
}

async function untilWaiting(count: number): Promise<void> {
  const waiting = async () => {
    const [row] = await sql<{ count: number }[]>`select count(*) from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
    return row?.count
  }
  await expect.poll(waiting, { timeout: 10_000, interval: 5 }).toBe(count)
}

const LOCK_STEEL = `select from stock where variant_id = ${STEEL} for no key update`

describe('round trips', () => {
  test('an order is one statement, which is its own transaction', async () => {
    expect(
      (
        await place([
          [STEEL, 1],
          [OVER, 2],
        ])
      ).type,
    ).toBe('placed')
    expect(statements).toHaveLength(1)
    expect(statements[0]).toMatch(/^with "wanted" as/)
  })

  test('so is a refusal, and a repeated attempt', async () => {
    await place([[STEEL, 1]])
    expect((await place([[STEEL, 1]])).type).toBe('replayed')
    expect((await place([[STEEL, 6]], { key: 'more' })).type).toBe('insufficient-stock')
    expect(statements).toHaveLength(3)
  })

  test('a repeated attempt waits for no lock', async () => {
    await place([[STEEL, 1]])
    await beside(LOCK_STEEL, async () => {
      expect((await place([[STEEL, 1]])).type).toBe('replayed')
    })
  })

  test('what is sold out is refused without a lock, and without waiting for one', async () => {
    await sql`update stock set quantity = 0 where variant_id = ${STEEL}`
    await beside(LOCK_STEEL, async () => {
      expect((await place([[STEEL, 1]])).type).toBe('insufficient-stock')
    })
  })
})

describe('attempts at once with one key', () => {
  const attempts = (lines: (n: number) => readonly [number, number]) =>
    Promise.all(Array.from({ length: 20 }, (_, n) => place([lines(n)])))

  test('place one order, and the others get it', async () => {
    const results = await attempts(() => [STEEL, 2])
    expect(typesOf(results)).toEqual(['placed', ...Array(19).fill('replayed')])
    expect(new Set(results.map((result) => 'order' in result && JSON.stringify(result.order))).size).toBe(1)
    expect([await left(STEEL), await countOrders()]).toEqual([3, 1])
  })

  test('get it also when it took all there was', async () => {
    expect(typesOf(await attempts(() => [STEEL, 5]))).toEqual(['placed', ...Array(19).fill('replayed')])
    expect(await left(STEEL)).toBe(0)
  })

  test('and different bodies place one order, and the others are refused', async () => {
    const results = await attempts((n) => [n % 2 === 0 ? STEEL : GLASS, 1 + (n % 5)])
    expect(results.filter(({ type }) => type === 'placed')).toHaveLength(1)
    expect(typesOf(results)).not.toContain('insufficient-stock')
    expect(await countOrders()).toBe(1)
  })

  // A: its key and its stock ───────────────── commit
  //    B: sees no such order ─ waits for the key ─ writes nothing ─ again: sees the order of A
  test('see an order that was under way when they began', async () => {
    let waiting: Promise<OrderResult> | undefined
    await beside(
      `insert into orders (customer_id, idempotency_key, currency, items_amount, total_amount)
        values (1, 'a-key', 'EUR', 2999, 2999)`,
      async () => {
        waiting = place([[STEEL, 1]])
        await untilWaiting(1)
      },
      `insert into order_lines (order_id, position, variant_id, quantity, unit_amount)
        select id, 1, ${GLASS}, 1, 2999 from orders`,
    )
    expect(await waiting).toEqual({ type: 'key-reused' })
    expect(await left(STEEL)).toBe(5)
  })
})

describe('an order that waits for the stock of another', () => {
  async function overtakenBy(change: string, lines: readonly (readonly [number, number])[]): Promise<OrderResult> {
    let waiting: Promise<OrderResult> | undefined
    await beside(change, async () => {
      waiting = place(lines)
      await untilWaiting(1)
    })
    return waiting as Promise<OrderResult>
  }

  test('gets its own when enough is left', async () => {
    const result = await overtakenBy(`update stock set quantity = 2 where variant_id = ${STEEL}`, [[STEEL, 2]])
    expect([result.type, await left(STEEL)]).toEqual(['placed', 0])
  })

  test('is refused with what is left then, and sells nothing', async () => {
    const result = await overtakenBy(`update stock set quantity = 1 where variant_id = ${STEEL}`, [
      [OVER, 1],
      [STEEL, 2],
    ])
    expect(result).toEqual({ type: 'insufficient-stock', shortages: [{ line: 1, variantId: STEEL, left: 1 }] })
    expect([await left(STEEL), await left(OVER)]).toEqual([1, 5])
  })

  test('pays the price of when it began', async () => {
    const result = await overtakenBy(`${LOCK_STEEL}; update prices set amount = 1 where variant_id = ${STEEL}`, [
      [STEEL, 1],
    ])
    expect(result).toMatchObject({ type: 'placed', order: { totalAmount: 2999 } })
  })
})

describe('what does not wait', () => {
  test('an order waits for no change of a price, and a change of a price for no order', async () => {
    await beside(`update prices set amount = 1 where variant_id = ${STEEL}`, async () => {
      expect(await place([[STEEL, 1]])).toMatchObject({ type: 'placed', order: { totalAmount: 2999 } })
    })
  })

  test('an order waits for no order of another variant of its product', async () => {
    await sql`update stock set quantity = 5 where variant_id = ${STEEL + 1}`
    await beside(LOCK_STEEL, async () => {
      expect((await place([[STEEL + 1, 4]])).type).toBe('placed')
    })
  })
})

describe('locks', () => {
  test('two orders of the same variants, the other way round, do not wait for each other in a ring', async () => {
    const variants = [STEEL, GLASS, OVER]
    await sql`update stock set quantity = 1000`
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, n) => {
        const lines = variants.map((variantId) => [variantId, 1] as const)
        return place(n % 2 === 0 ? lines : lines.toReversed(), { key: `ring-${n}` })
      }),
    )
    expect(new Set(typesOf(results))).toEqual(new Set(['placed']))
    expect(statements).toHaveLength(100)
    expect(await left(GLASS)).toBe(900)
  })

  // The trigger on stock locks the products of what sells out, all at once in the order of their ids. Row by row it
  // would, in the order that the plan gives them (which is why either product is held, and B made either way):
  //
  //     test  locks kettles ───────────────────────────── lets go
  //     A     sells out a kettle ─ waits for kettles ───── has them ─ sells out headphones ─ waits for B
  //        B     sells out headphones ─ has them ─ sells out a kettle ─ waits for A
  test.each([
    [1, [4, 1]],
    [4, [4, 1]],
    [1, [1, 4]],
    [4, [1, 4]],
  ])('nor do two orders that sell out variants of the same two products (%d, %j)', async (product, products) => {
    await sql`insert into variants (product_id, sku, title)
      select product_id, 'RING-' || position, 'of B' from unnest(${products}::int[]) with ordinality as x (product_id, position)`
    const [first = 0, second = 0] = (
      await sql<{ id: number }[]>`select id from variants where sku like 'RING-%' order by id`
    ).map(({ id }) => id)
    await sql`insert into prices (variant_id, amount, currency) values (${first}, 100, 'EUR'), (${second}, 100, 'EUR')`
    await sql`insert into stock values (${first}, 1), (${second}, 1)`

    const results: Promise<OrderResult>[] = []
    await beside(`select from products where id = ${product} for no key update`, async () => {
      results.push(
        place(
          [
            [STEEL, 5],
            [OVER, 5],
          ],
          { key: 'A' },
        ),
      )
      await untilWaiting(1)
      results.push(
        place(
          [
            [first, 1],
            [second, 1],
          ],
          { key: 'B' },
        ),
      )
      await untilWaiting(2)
    })
    expect(typesOf(await Promise.all(results))).toEqual(['placed', 'placed'])
    // A deadlock would have been survived, by a third.
    expect(statements).toHaveLength(2)
    const inStock = await sql<{ inStock: boolean }[]>`select in_stock as "inStock" from products where id in (1, 4)`
    expect(inStock.map((row) => row.inStock)).toEqual([false, false])
  })

  test('a deadlock with somebody who writes stock in another order is survived', async () => {
    let waiting: Promise<OrderResult> | undefined
    const stranger = beside(
      `update stock set quantity = 4 where variant_id = ${OVER}`,
      async () => {
        waiting = place([
          [STEEL, 1],
          [OVER, 1],
        ])
        await untilWaiting(1)
      },
      `update stock set quantity = 4 where variant_id = ${STEEL}`,
    )
    // Postgres ends one of the two. If it is the stranger, its changes are gone.
    const [change] = await Promise.allSettled([stranger])
    expect((await waiting)?.type).toBe('placed')
    expect(await left(STEEL)).toBe(change.status === 'fulfilled' ? 3 : 4)
  })
})

describe('what ends an order in the middle leaves nothing', () => {
  test('a refusal at commit', async () => {
    await sql.unsafe(`create function refuse() returns trigger language plpgsql as $$ begin raise 'refused'; end $$;
      create constraint trigger refuse after insert on orders deferrable initially deferred
        for each row execute function refuse()`)
    onTestFinished(async () => {
      await sql.unsafe('drop trigger if exists refuse on orders; drop function refuse')
    })
    await expect(place([[STEEL, 1]])).rejects.toThrow()
    expect([await left(STEEL), await countOrders()]).toEqual([5, 0])
    await sql`drop trigger refuse on orders`
    expect((await place([[STEEL, 1]])).type).toBe('placed')
  })

  test('a connection that is lost while it waits', async () => {
    let lost: Promise<unknown> | undefined
    await beside(LOCK_STEEL, async () => {
      lost = expect(place([[STEEL, 1]])).rejects.toThrow()
      await untilWaiting(1)
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`
      await lost
    })
    expect([await left(STEEL), await countOrders()]).toEqual([5, 0])
    expect((await place([[STEEL, 1]])).type).toBe('placed')
  })

  test('an order that is overtaken without end', async () => {
    // A trigger that lets no order in and gives no reason.
    await sql.unsafe(`create function take() returns trigger language plpgsql as $$ begin return null; end $$;
      create trigger take before insert on orders for each row execute function take()`)
    onTestFinished(async () => {
      await sql.unsafe('drop trigger take on orders; drop function take')
    })
    expect(await place([[STEEL, 1]])).toEqual({ type: 'contended' })
    expect(await left(STEEL)).toBe(5)
    expect(statements).toHaveLength(10)
  })
})

test('the availability of a product follows what is sold, and its version does not move otherwise', async () => {
  const product = async () => {
    const [row] = await sql<{ version: number; inStock: boolean }[]>`select version, in_stock as "inStock"
      from products where id = 1`
    return row
  }
  const before = await product()
  await place([[STEEL, 4]])
  expect(await product()).toEqual(before)
  await place([[STEEL, 1]], { key: 'last' })
  expect(await product()).toEqual({ version: (before?.version ?? 0) + 1, inStock: false })
})

test('an order is read by its customer only', async () => {
  const result = await place([[STEEL, 1]])
  const { id } = (result as Extract<OrderResult, { type: 'placed' }>).order
  const read = (repository: OrderRepository, customer: number) => repository.get(customer, id)
  expect(await read(orders, 1)).toMatchObject({ id, totalAmount: 2999 })
  expect(await read(orders, 2)).toBeUndefined()
})
