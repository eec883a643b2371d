/**
 * Lets someone stand around every statement: telemetry, a query counter, a test that counts.
 *
 * The hook sits where everything passes: a query object of postgres.js is made by a tagged template or by `unsafe`
 * (drizzle uses only the latter) and handed over for sending exactly once, however it is awaited. A fragment that ends
 * up inside another query is never handed over and so never counted.
 *
 * `begin` and `savepoint` are hooked as a whole, under those names, so that what runs inside them nests. Their own
 * `begin`, `commit` and `rollback` are not reported apart.
 *
 *     hook begin ------------------------------------------------
 *          hook select ... ------   hook update ... ------       (commit)
 *
 * LISTEN, NOTIFY through `sql.notify` and cursors bypass the hook: they have no one moment at which they are done.
 */

import type postgres from 'postgres'

/**
 * Must call `run` once and give back what it gives. `statement` is the text with placeholders, never with values. A
 * hook that rejects before it ran rejects the statement.
 */
export type QueryHook = <T>(query: { readonly statement: string }, run: () => Promise<T>) => Promise<T>

/** A query as postgres.js builds it. The last four are its own, pinned by the tests of this module. */
interface Sendable extends Promise<unknown> {
  readonly strings: readonly string[]
  readonly args: readonly unknown[]
  readonly cursorFn?: unknown
  handler: (query: Sendable) => void
  reject: (error: unknown) => void
}

type Callable = (...args: unknown[]) => unknown

function isSendable(value: unknown): value is Sendable {
  return value instanceof Promise && 'handler' in value && 'strings' in value
}

/** The text of a query: its fragments in place, a placeholder for everything else. */
function statementOf({ strings, args }: Sendable): string {
  const [first = '', ...rest] = strings
  return rest.reduce((text, string, i) => {
    const arg = args[i]
    return `${text}${isSendable(arg) ? statementOf(arg) : '?'}${string}`
  }, first)
}

function hookQuery(query: Sendable, hook: QueryHook): Sendable {
  const send = query.handler
  query.handler = (self) => {
    if (self.cursorFn) {
      send(self)
      return
    }
    const run = (): Promise<unknown> => {
      send(self)
      return self
    }
    // Async, so that a hook that throws rejects too. Rejecting a query that has settled does nothing, so its own error
    // reaches the caller untouched.
    const around = async (): Promise<unknown> => hook({ statement: statementOf(self) }, run)
    around().catch((error: unknown) => self.reject(error))
  }
  return query
}

/** `begin` and `savepoint` end with the function that gets the transaction's own client, which is hooked in turn. */
function hookScope(name: string, scope: Callable, hook: QueryHook): Callable {
  return (...args) => {
    const body = args.at(-1)
    if (typeof body !== 'function') return scope(...args)
    const hooked = (client: postgres.TransactionSql): unknown => body(hookClient(client, hook))
    return hook({ statement: name }, async () => scope(...args.slice(0, -1), hooked))
  }
}

/** The same client, with the hook around everything that is sent through it. */
export function hookClient<C extends postgres.Sql | postgres.TransactionSql | postgres.ReservedSql>(
  client: C,
  hook: QueryHook,
): C {
  const hooked = (value: unknown): unknown => (isSendable(value) ? hookQuery(value, hook) : value)
  const replaced = new Map<PropertyKey, unknown>()
  const source: Record<string, unknown> = client as never
  const method = (name: string): Callable | undefined => {
    const value = source[name]
    return typeof value === 'function' ? (value.bind(client) as Callable) : undefined
  }

  for (const name of ['unsafe', 'file']) {
    const make = method(name)
    if (make) replaced.set(name, (...args: unknown[]) => hooked(make(...args)))
  }
  for (const name of ['begin', 'savepoint']) {
    const scope = method(name)
    if (scope) replaced.set(name, hookScope(name, scope, hook))
  }
  const reserve = method('reserve')
  if (reserve) replaced.set('reserve', async () => hookClient((await reserve()) as postgres.ReservedSql, hook))

  return new Proxy(client, {
    apply: (target, self, args) => hooked(Reflect.apply(target, self, args)),
    get: (target, name) => replaced.get(name) ?? Reflect.get(target, name),
  })
}
