/**
 * The tables of `docs/data-classes.md`: what the application declares, joined with the words of `data-classes.ts`.
 */

import type { Declared } from '@shop/cache'

import { readConfig } from '../src/config.ts'
import { CLASSES, DATA_CLASSES, NEVER_CACHED } from '../src/data-classes.ts'
import { openDeps } from '../src/deps.ts'

/** What the page needs of a resource. */
type Lifetime = Pick<Declared, 'policy' | 'httpHeaders'>
type Resources = ReadonlyMap<string, Lifetime>

const BEGIN = '<!-- Written by `npm run data-classes`. -->'
const END = '<!-- Until here. -->'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** What the application declares when it is started, found out without a Redis and without a database. */
export async function declaredResources(): Promise<ReadonlyMap<string, Declared>> {
  const quiet = () => undefined
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet }
  const config = readConfig({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' })
  const { cache, close } = await openDeps(config, log, { draining: false })
  await close()
  return cache?.resources ?? new Map()
}

/** Resources without a row, and rows without a resource. */
export function differences(resources: Resources): { readonly missing: string[]; readonly unknown: string[] } {
  return {
    missing: [...resources.keys()].filter((name) => !(name in DATA_CLASSES)),
    unknown: Object.keys(DATA_CLASSES).filter((name) => !resources.has(name)),
  }
}

/** The page with its tables as they are to be. Throws when the two sides of the join do not match. */
export function render(page: string, resources: Resources): string {
  const { missing, unknown } = differences(resources)
  if (missing.length > 0) throw new Error(`No row in apps/api/src/data-classes.ts for: ${missing.join(', ')}`)
  if (unknown.length > 0) throw new Error(`No resource is declared for the rows: ${unknown.join(', ')}`)
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`The page needs ${BEGIN} and, below it, ${END}`)
  return [page.slice(0, begin), BEGIN, '\n\n', tables(resources), '\n\n', page.slice(end)].join('')
}

function tables(resources: Resources): string {
  const rows = Object.entries(DATA_CLASSES).map(([name, row]) => {
    const tags = row.invalidatedBy.map((tag) => `\`${tag}\``).join(', ')
    const declared = resources.get(name)
    return [`${row.data} (\`${name}\`)`, row.class, row.mayBeStale, declared ? how(declared, row.strategy) : '', tags]
  })
  const fresh = NEVER_CACHED.map(({ data, read, instead }) => [
    `${data}: ${read}`,
    'fresh',
    'never',
    `not cached: ${instead}`,
    '–',
  ])
  const classes = Object.entries(CLASSES).filter(([name]) => rows.some((row) => row[1] === name))
  return [
    table(['data', 'class', 'may be stale', 'tier and strategy', 'invalidated by'], [...rows, ...fresh]),
    table(['class', ''], [...classes, ['fresh', 'What must be right when it is used: no tier ever holds it.']]),
  ].join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const [first, ...others] = [head, ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return [first, `|${'---|'.repeat(head.length)}`, ...others].join('\n')
}

/** Where it is kept, in which way, and for how long. */
function how({ policy, httpHeaders }: Lifetime, strategy: string): string {
  const { ttl, negativeTtl, staleFor, failSafeFor, refreshAhead, http, scope } = policy
  const tiers = { value: 'L1 + L2', bytes: 'L1 (as bytes) + L2', both: 'L1 (also as bytes) + L2', nothing: 'L2' }[
    policy.keep
  ]
  const sharedFor = scope === 'public' ? (http?.sharedMaxAge ?? http?.maxAge ?? 0) : 0
  const ahead = typeof refreshAhead === 'number' ? `at ${Math.round(refreshAhead * 100)} % of it` : refreshAhead
  return [
    sharedFor > 0 ? `${tiers} + L3 for ${duration(sharedFor)}` : tiers,
    strategy,
    `ttl ${duration(ttl)}`,
    negativeTtl > 0 && `absence ${duration(negativeTtl)}`,
    ahead !== undefined && `reloaded ahead ${ahead}`,
    staleFor > 0 && `served stale ${duration(staleFor)} while reloading`,
    failSafeFor > 0 && `${duration(failSafeFor)} if a load fails`,
    http && `\`${httpHeaders['Cache-Control']}\``,
  ]
    .filter((part) => part !== false && part !== undefined)
    .join('; ')
}

function duration(ms: number): string {
  if (ms >= MINUTE && ms % MINUTE === 0) return `${ms / MINUTE} min`
  return ms >= SECOND ? `${ms / SECOND} s` : `${ms} ms`
}
