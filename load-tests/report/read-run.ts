/**
 * Reads the file of a run, or says why it is none.
 *
 * It checks what the page cannot do without, down to each figure that it adds up, so that no page is made of half a
 * file. What may be missing may be missing.
 */

import type { RunFile } from '../src/run-file.ts'

type Check = (value: unknown, where: string) => void

export class RunFileError extends Error {
  override readonly name = 'RunFileError'
}

export function readRun(text: string): RunFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new RunFileError('It is not JSON.', { cause: error })
  }
  runFile(value, '')
  return value as RunFile
}

const string: Check = (value, where) => expected(typeof value === 'string', where, 'a text')
const boolean: Check = (value, where) => expected(typeof value === 'boolean', where, 'true or false')
/** JSON has no NaN and no Infinity, and writes `null`. */
const number: Check = (value, where) => expected(typeof value === 'number' || value === null, where, 'a number')

function object(members: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check {
  return (value, where) => {
    expected(typeof value === 'object' && value !== null && !Array.isArray(value), where, 'an object')
    const found = value as Readonly<Record<string, unknown>>
    const path = (name: string) => (where === '' ? name : `${where}.${name}`)
    for (const [name, check] of Object.entries(members)) check(found[name], path(name))
    for (const [name, check] of Object.entries(optional)) if (found[name] !== undefined) check(found[name], path(name))
  }
}

function list(member: Check): Check {
  return (value, where) => {
    expected(Array.isArray(value), where, 'a list')
    for (const [index, one] of (value as readonly unknown[]).entries()) member(one, `${where}[${index}]`)
  }
}

function record(member: Check): Check {
  return (value, where) => {
    object({})(value, where)
    for (const [name, one] of Object.entries(value as object)) member(one, `${where}.${name}`)
  }
}

function all(names: string, check: Check): Record<string, Check> {
  return Object.fromEntries(names.split(' ').map((name) => [name, check]))
}

const event = object({ atMs: number, label: string, kind: oneOf(['change', 'fault', 'recovery', 'phase']) })

const second = object(
  all('atMs requests failed p50 p95 p99 queries memory redis load stale', number),
  all('cpuApi cpuGenerator heapMiB residentMiB activeVUs', number),
)

const staleness = object({
  buckets: list(object(all('upToMs count', number))),
  ...all('p50 p99 max', number),
})

const span = object({ ...all('name service', string), ...all('depth startMs durationMs', number) })

const trace = object({ ...all('label traceId', string), durationMs: number }, { url: string, spans: list(span) })

const run = object(
  {
    name: string,
    events: list(event),
    seconds: list(second),
    latency: object(all('p50 p95 p99 p999 max', number)),
    ...all('requests failed dropped', number),
    hits: object(all('memory redis load collapsed stale bypass', number)),
  },
  { staleness, traces: list(trace), traced: number, queries: number, extra: list(object(all('label value', string))) },
)

const runFile = object(
  {
    ...all('scenario title question workload expectation size command startedAt conclusion', string),
    kept: boolean,
    machine: object({ ...all('processor system', string), ...all('cores memoryGiB', number) }),
    versions: record(string),
    generator: object({ cpuShare: number, bottleneck: boolean }, { note: string }),
    judgements: list(object({ ...all('run promise threshold measured', string), kept: boolean })),
    runs: list(run),
  },
  { commit: object({ id: string, changed: boolean }) },
)

function oneOf(values: readonly string[]): Check {
  return (value, where) => expected(values.includes(value as string), where, `one of ${values.join(', ')}`)
}

function expected(isSo: boolean, where: string, what: string): void {
  if (!isSo) throw new RunFileError(`${where === '' ? 'It' : where} must be ${what}.`)
}
