/**
 * The way into the database: two clients over one URL.
 *
 * `db` is drizzle's. drizzle changes the parsers and serializers of the client it is given (instants become strings,
 * JSON is passed through), so `sql`, for LISTEN, locks and whatever SQL says best, is a client of its own with its own
 * connections, two at most: what requests read and write goes through `db`. Both open connections only when they are
 * used.
 */

import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'

import { hookClient, type QueryHook } from './hook.ts'
import { PoolCount, type PoolFigures } from './pool.ts'
import * as schema from './schema.ts'

export interface ConnectOptions {
  readonly url: string
  /**
   * Connections at most for `db`. `sql` may open two more.
   * @default 10
   */
  readonly max?: number
  /**
   * How the connections appear in `pg_stat_activity`.
   * @default 'shop'
   */
  readonly applicationName?: string
  /** Stands around every statement of both clients. */
  readonly hook?: QueryHook
}

export type Sql = postgres.Sql<{ bigint: number }>

export interface Database {
  /** postgres.js: tagged templates, LISTEN, COPY. `bigint` and `count(*)` come as numbers, `timestamptz` as `Date`. */
  readonly sql: Sql
  readonly db: PostgresJsDatabase<typeof schema>
  /** How busy the connections of `db` and of `sql` are, under those names. */
  pools(): readonly PoolFigures[]
  /** Lets running statements finish for at most 5 seconds, then closes. Can be called twice. */
  close(): Promise<void>
}

/** postgres.js has a default for each of these, and most of them wait for ever. Times in seconds, then milliseconds. */
export const CONNECTION_DEFAULTS = Object.freeze({
  max: 10,
  sqlMax: 2,
  applicationName: 'shop',
  connectTimeoutSeconds: 5,
  idleTimeoutSeconds: 60,
  maxLifetimeSeconds: 30 * 60,
  keepAliveSeconds: 30,
  // Shorter than the 5 s the cache gives a load: a statement whose readers have gone must not go on in Postgres, where it
  // keeps a connection from the loads that come after it.
  statementTimeoutMs: 4_000,
  idleInTransactionTimeoutMs: 15_000,
  closeTimeoutSeconds: 5,
})

/** The ids of this database fit; a number that does not is refused rather than rounded. */
function toSafeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError('A bigint of the database does not fit into a number')
  return value
}

/**
 * One postgres.js client with every option stated. `parameters` replaces settings of the session, such as
 * `statement_timeout`.
 */
export function createClient(
  url: string,
  options: {
    readonly max: number
    readonly applicationName: string
    readonly parameters?: Readonly<Record<string, string | number>>
  },
): Sql {
  return postgres(url, {
    max: options.max,
    connect_timeout: CONNECTION_DEFAULTS.connectTimeoutSeconds,
    idle_timeout: CONNECTION_DEFAULTS.idleTimeoutSeconds,
    max_lifetime: CONNECTION_DEFAULTS.maxLifetimeSeconds,
    keep_alive: CONNECTION_DEFAULTS.keepAliveSeconds,
    prepare: true,
    // One query per new connection. Without it an array cannot be a parameter: `id = any($1)`.
    fetch_types: true,
    types: { bigint: { to: 20, from: [20], parse: toSafeInteger, serialize: String } },
    onnotice: () => undefined,
    connection: {
      application_name: options.applicationName,
      statement_timeout: CONNECTION_DEFAULTS.statementTimeoutMs,
      idle_in_transaction_session_timeout: CONNECTION_DEFAULTS.idleInTransactionTimeoutMs,
      TimeZone: 'UTC',
      ...options.parameters,
    },
  })
}

/** Connects when first used: a wrong URL or an absent server shows at the first statement, within 5 seconds. */
export function connect(options: ConnectOptions): Database {
  const { hook } = options
  const applicationName = options.applicationName ?? CONNECTION_DEFAULTS.applicationName
  const open = (name: string, max: number) => {
    const client = createClient(options.url, { max, applicationName })
    const count = new PoolCount(name, max)
    return { client, count, hooked: hookClient(client, count.hook(hook)) }
  }
  const sql = open('sql', CONNECTION_DEFAULTS.sqlMax)
  const db = open('db', options.max ?? CONNECTION_DEFAULTS.max)
  return {
    sql: sql.hooked,
    db: drizzle(db.hooked, { schema }),
    pools: () => [db.count.figures, sql.count.figures],
    async close() {
      const timeout = CONNECTION_DEFAULTS.closeTimeoutSeconds
      await Promise.all([sql.client.end({ timeout }), db.client.end({ timeout })])
    },
  }
}

/**
 * Whether a rejection is that of postgres.js's own question for array types, which it asks on each new connection and
 * nobody awaits: a server that ends just then makes it an unhandled rejection. Whoever runs a process handles it by going
 * on; the queries of callers reject by themselves.
 */
export function isAbandonedTypeQuery(error: unknown): boolean {
  return error instanceof Error && 'query' in error && /typarray\s+from pg_catalog\.pg_type/.test(String(error.query))
}
