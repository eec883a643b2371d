/**
 * Holds every query of the products from outside, and lets them go; counts what reached Postgres.
 *
 * Reading a table takes a lock on it, which an exclusive one of somebody else keeps waiting. So the product has no hook,
 * no delay and no switch for the test: Postgres alone holds its query.
 */

import postgres from 'postgres'

const OPTIONS = { max: 1, onnotice: () => undefined, connect_timeout: 5, idle_timeout: 0 }

/** Longest wait for the exclusive lock, which a query that is still running keeps waiting. */
const LOCK_LIMIT_MS = 10_000

export interface ProductsLock {
  /** Lets the queries go. Doing so twice is not an error. */
  release(): Promise<void>
}

/** Resolves when the lock is held. A lost connection releases it, so nothing stays locked behind a test that was killed. */
export async function lockProducts(url: string): Promise<ProductsLock> {
  const sql = postgres(url, {
    ...OPTIONS,
    // The lock is held by doing nothing in a transaction, for as long as it takes.
    connection: {
      application_name: 'shop-load-test-lock',
      lock_timeout: LOCK_LIMIT_MS,
      statement_timeout: 0,
      idle_in_transaction_session_timeout: 0,
    },
  })
  let open = true
  const release = async (): Promise<void> => {
    if (!open) return
    open = false
    await sql`commit`
    await sql.end({ timeout: 1 })
  }
  try {
    await sql.unsafe('begin; lock table products in access exclusive mode').simple()
  } catch (error) {
    await sql.end({ timeout: 1 })
    throw error
  }
  return { release }
}

/**
 * A look at Postgres that reads no table of the shop, so that it waits for no lock and is not counted itself. Neither is the
 * worker, which has a name of its own there.
 */
export interface PostgresWatch {
  /** Queries that wait for the lock on products. */
  waiting(): Promise<number>
  /** From now on. */
  countFromHere(): Promise<void>
  /** Statements that have read any table since then, but for Postgres' own. */
  reads(): Promise<number>
  /** Products on sale and categories, the most popular first. */
  popularity(): Promise<{ readonly products: readonly number[]; readonly categories: readonly string[] }>
  /**
   * Statements that have read products since then, whatever their shape: a split or batched query counts too. What is
   * inserted elsewhere, such as the counts of visits, is no load of a product.
   */
  productReads(): Promise<number>
  version(): Promise<string>
  close(): Promise<void>
}

export function watchPostgres(url: string): PostgresWatch {
  const sql = postgres(url, { ...OPTIONS, connection: { application_name: 'shop-load-test-watch' } })
  return {
    async waiting() {
      const [row] = await sql<{ count: number }[]>`
        select count(*)::int as count from pg_locks where relation = 'products'::regclass and not granted`
      return row?.count ?? 0
    },

    async countFromHere() {
      await sql`select pg_stat_statements_reset()`
    },

    async reads() {
      const [row] = await sql<{ calls: number }[]>`
        select coalesce(sum(calls), 0)::int as calls from pg_stat_statements
        where dbid = (select oid from pg_database where datname = current_database())
          and userid = current_user::regrole
          and query ~* ${'\\mfrom\\M'} and query !~* ${'\\mpg_'}`
      return row?.calls ?? 0
    },

    async popularity() {
      const products = await sql<{ id: number }[]>`
        select id::int from products where status = 'active' order by popularity desc, id`
      const categories = await sql<{ slug: string }[]>`
        select c.slug from categories c left join products p on p.category_id = c.id and p.status = 'active'
          group by c.id order by coalesce(sum(p.popularity), 0) desc, c.id`
      return { products: products.map(({ id }) => id), categories: categories.map(({ slug }) => slug) }
    },

    async productReads() {
      // The text is normalised: values are $1, so a name in it is that of a table, and ours here is a value.
      const [row] = await sql<{ calls: number }[]>`
        select coalesce(sum(calls), 0)::int as calls from pg_stat_statements
        where dbid = (select oid from pg_database where datname = current_database())
          and userid = current_user::regrole
          and query !~* ${'^\\s*insert\\M'}
          and query ~* ${'\\m(from|join)\\s+(only\\s+)?(public\\.)?"?products"?(\\W|$)'}`
      return row?.calls ?? 0
    },

    async version() {
      const [row] = await sql<{ server_version: string }[]>`show server_version`
      return row?.server_version ?? ''
    },

    async close() {
      await sql.end({ timeout: 1 })
    },
  }
}
