/**
 * What the shop's side looks like, looked at each second of the load: statements that Postgres has carried out, processor
 * time and memory of the processes, requests as the API itself counts them.
 *
 * A server that is down while it is asked leaves a gap, which the next look fills: counters are read as what was added.
 */

import { type ApiMetrics, apiMetrics } from './api-metrics.ts'
import { cpuSeconds, residentMiB } from './cpu-time.ts'
import type { K6Run } from './k6-run.ts'
import type { PostgresWatch } from './products-lock.ts'

const EVERY_MS = 1_000
/** For the last look, which nobody is in a hurry for. */
const LAST_LIMIT_MS = 5_000

/** In the second that ends at `atMs`. */
export interface Sample {
  readonly atMs: number
  readonly queries: number
  /** Seconds of processor time. */
  readonly cpuApi: number | undefined
  readonly cpuGenerator: number | undefined
  /** Of the largest process of the API. */
  readonly heapMiB: number | undefined
  readonly residentMiB: number | undefined
  readonly activeVUs: number
  /** Requests that the API has counted. Absent where it does not count. */
  readonly served: number | undefined
}

export interface Sampled {
  readonly startedAt: number
  readonly watch: PostgresWatch | undefined
  readonly urls: readonly string[]
  /** Of the API. A process that was killed and started again has another. */
  readonly pids: () => readonly (number | undefined)[]
  readonly generators: readonly K6Run[]
}

export interface Sampler {
  /** With a last look, for what came after the last second. */
  stop(): Promise<readonly Sample[]>
}

export async function startSampler({ startedAt, watch, urls, pids, generators }: Sampled): Promise<Sampler> {
  const added = new Map<string, number>()
  /** What a counter has grown by since it was last read; from 0 when it began again. */
  const growth = (name: string, now: number | undefined): number | undefined => {
    if (now === undefined) return undefined
    const before = added.get(name) ?? 0
    added.set(name, now)
    return now >= before ? now - before : now
  }
  const cpu = (all: readonly (number | undefined)[]) => sum(all.map((pid) => growth(`cpu ${pid}`, cpuSeconds(pid))))

  const look = async (limitMs = EVERY_MS): Promise<Sample> => {
    const atMs = Date.now() - startedAt
    const [queries, vus, metrics] = await Promise.all([
      watch?.reads().catch(() => undefined),
      Promise.all(generators.map((k6) => k6.counter('vus'))),
      Promise.all(urls.map((url): Promise<ApiMetrics> => apiMetrics(url, limitMs))),
    ])
    return {
      atMs,
      queries: growth('queries', queries) ?? 0,
      cpuApi: cpu(pids()),
      cpuGenerator: cpu(generators.map(({ pid }) => pid)),
      heapMiB: largest(metrics.map(({ heapMiB }) => heapMiB)),
      residentMiB: largest(metrics.map(({ residentMiB }) => residentMiB)) ?? largest(pids().map(residentMiB)),
      activeVUs: sum(vus) ?? 0,
      // A shop of somebody else has other visitors too.
      served: watch && sum(urls.map((url, i) => growth(`served ${url}`, metrics[i]?.served))),
    }
  }

  // What was before is not of this load.
  await look(LAST_LIMIT_MS)
  const samples: Sample[] = []
  let looking = Promise.resolve()
  const timer = setInterval(() => {
    looking = looking.then(async () => void samples.push(await look()))
  }, EVERY_MS)
  return {
    async stop() {
      clearInterval(timer)
      await looking
      samples.push(await look(LAST_LIMIT_MS))
      return samples
    },
  }
}

/** `undefined` when nothing is known. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : known.reduce((all, value) => all + value, 0)
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}
