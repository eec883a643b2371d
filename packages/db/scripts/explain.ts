/**
 * What an aggregate costs a reader, asked of the tables and asked of its view: plans in short, and a table.
 *
 *     npm run explain -w @shop/db -- --size demo
 *
 * On a Postgres of its own in a temporary directory, migrated and seeded; `large` takes some minutes and 3 GB there. Each
 * query runs three times and the median counts, so the pages it needs are in memory if they fit.
 */

import { parseArgs } from 'node:util'
import { startPostgres, temporaryDirectory, throwaway } from '@shop/local-stack'

import { createClient } from '../src/connect.ts'
import { migrate, refreshView, type SeedSize, type Sql, seed, VIEWS, type ViewName } from '../src/index.ts'
import { QUESTIONS } from './questions.ts'

const RUNS = 3

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'CTE Name'?: string
  readonly 'Subplan Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Shared Hit Blocks': number
  readonly 'Shared Read Blocks': number
  readonly 'Temp Written Blocks': number
  readonly Plans?: readonly PlanNode[]
}

interface Explained {
  readonly plan: PlanNode
  readonly ms: number
  /** Pages of 8 KB, whether they were in memory or not. */
  readonly pages: number
  readonly spilled: number
}

async function explain(sql: Sql, query: string): Promise<Explained> {
  const runs: Explained[] = []
  for (let run = 0; run < RUNS; run++) {
    const [row] = await sql.unsafe<{ 'QUERY PLAN': [{ Plan: PlanNode; 'Execution Time': number }] }[]>(
      `explain (analyze, buffers, format json) ${query}`,
    )
    if (row === undefined) throw new Error('Postgres gave no plan')
    const [{ Plan: plan, 'Execution Time': ms }] = row['QUERY PLAN']
    const pages = plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
    runs.push({ plan, ms, pages, spilled: plan['Temp Written Blocks'] })
  }
  const [median] = runs.toSorted((one, other) => one.ms - other.ms).slice(Math.floor(RUNS / 2))
  if (median === undefined) throw new Error('Nothing was run')
  return median
}

/** One line per node: what it does, on what, and how many rows it gave in all. */
function* inShort(node: PlanNode, depth = 0): Generator<string> {
  const on = node['Index Name'] ?? node['Relation Name'] ?? node['CTE Name'] ?? ''
  const rows = Math.round(node['Actual Rows'] * node['Actual Loops'])
  const loops = node['Actual Loops'] > 1 ? ` in ${node['Actual Loops']} loops` : ''
  const label = node['Subplan Name'] === undefined ? '' : `${node['Subplan Name']}: `
  yield `${'  '.repeat(depth + 1)}${label}${node['Node Type']} ${on} (${rows} rows${loops})`.replaceAll('  (', ' (')
  for (const child of node.Plans ?? []) yield* inShort(child, depth + 1)
}

function print(title: string, { plan, ms, pages, spilled }: Explained): void {
  const spill = spilled > 0 ? `, ${spilled} written aside` : ''
  console.log(`${title}: ${ms.toFixed(2)} ms, ${pages} pages${spill}`)
  for (const line of inShort(plan)) console.log(line)
}

/** How long it takes to make the view new, and what it takes on disk with its indexes. */
async function refreshed(
  sql: Sql,
  name: ViewName,
): Promise<{ readonly ms: number; readonly kb: number; rows: number }> {
  const refresh = await refreshView(sql, name)
  const [size] = await sql<{ kb: number; rows: number }[]>`
    select pg_total_relation_size(${name}::regclass) / 1024 as kb, (select count(*) from ${sql(name)}) as rows`
  return {
    ms: refresh.type === 'refreshed' ? refresh.durationMs : Number.NaN,
    kb: size?.kb ?? 0,
    rows: size?.rows ?? 0,
  }
}

async function main(size: SeedSize): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const directory = await temporaryDirectory('explain')
  stack.defer(() => directory.remove())
  const server = await startPostgres({ dir: directory.path, settings: throwaway })
  stack.defer(() => server.stop())
  await migrate(server.url)
  await seed(server.url, { size })
  const sql = createClient(server.url, {
    max: 1,
    applicationName: 'explain',
    parameters: { statement_timeout: 0, idle_in_transaction_session_timeout: 0 },
  })
  stack.defer(() => sql.end({ timeout: 5 }))
  await sql`vacuum analyze`

  // What many readers ask for at once; it has the most orders and reviews.
  const [popular] = await sql<{ id: number }[]>`select id from products order by popularity desc limit 1`
  const about = (query: string): string => query.replaceAll('$popular', String(popular?.id))

  const table: string[][] = []
  for (const { name, question, live, read } of QUESTIONS) {
    console.log(`\n${name}: ${question}`)
    const fromTables = await explain(sql, about(live))
    print(' from the tables', fromTables)
    const fromView = await explain(sql, about(read))
    print(' from the view', fromView)
    table.push([
      name,
      ...[fromTables.ms.toFixed(2), String(fromTables.pages)],
      ...[fromView.ms.toFixed(2), String(fromView.pages)],
      `${Math.round(fromTables.ms / fromView.ms)} ×`,
    ])
  }
  console.log(`\n${size}:\n`)
  printTable(['question', 'tables, ms', 'pages', 'view, ms', 'pages', 'ratio'], table)

  const refreshes: string[][] = []
  for (const { name } of VIEWS) {
    const { ms, kb, rows } = await refreshed(sql, name)
    refreshes.push([name, String(rows), `${kb} KB`, `${ms} ms`])
  }
  console.log('')
  printTable(['view', 'rows', 'on disk', 'refresh'], refreshes)
}

function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const row of [head, head.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`)
}

const { values } = parseArgs({ options: { size: { type: 'string', default: 'demo' } } })
if (!['tiny', 'demo', 'large'].includes(values.size)) throw new TypeError('--size is tiny, demo or large')
await main(values.size as SeedSize)
