/**
 * What one run of a scenario leaves behind: `results/<scenario>/raw/run.json`, from which the report is drawn.
 *
 * Instants are milliseconds since the load began, so that k6, the shop's processes and Postgres share one axis.
 */

export type Size = 'smoke' | 'laptop' | 'full'

export interface RunFile {
  readonly scenario: string
  readonly title: string
  readonly question: string
  readonly workload: string
  readonly expectation: string
  readonly size: Size
  /** Repeats the run. */
  readonly command: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly kept: boolean
  /** One sentence that says what is proven, or what is not. */
  readonly conclusion: string
  /** What was measured, and whether it was measured as committed. Absent outside of a repository. */
  readonly commit?: { readonly id: string; readonly changed: boolean }
  readonly machine: Machine
  /** Of node, postgres, redis and k6, as far as they are known. */
  readonly versions: Readonly<Record<string, string>>
  readonly generator: Generator
  readonly judgements: readonly (Judgement & { readonly run: string })[]
  /** The first is the shop as it is; the others are controls. */
  readonly runs: readonly Run[]
}

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
}

export interface Generator {
  /** Of one core, in the mean, while the load lasted. */
  readonly cpuShare: number
  /** Whether the figures say more of k6 than of the shop. */
  readonly bottleneck: boolean
  readonly note?: string
}

export interface Judgement {
  readonly promise: string
  readonly threshold: string
  readonly measured: string
  readonly kept: boolean
}

export interface Run {
  /** `with the cache`, `cache off`, `naive get/set` or `single flight only`. */
  readonly name: string
  readonly events: readonly RunEvent[]
  /** One for each second of load. */
  readonly seconds: readonly Second[]
  readonly latency: Latency
  readonly requests: number
  readonly failed: number
  /** Arrivals for which k6 had nobody to send. */
  readonly dropped: number
  /** Statements of the API that Postgres has carried out (`pg_stat_statements`); absent where they are not ours to count. */
  readonly queries?: number
  readonly hits: Hits
  readonly staleness?: Staleness
  /** Examples, chosen from so many traced requests. */
  readonly traces?: readonly Trace[]
  readonly traced?: number
  /** Figures of this scenario alone. */
  readonly extra?: readonly { readonly label: string; readonly value: string }[]
}

export interface RunEvent {
  readonly atMs: number
  readonly label: string
  readonly kind: 'change' | 'fault' | 'recovery' | 'phase'
}

export interface Second {
  readonly atMs: number
  readonly requests: number
  readonly failed: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly queries: number
  readonly memory: number
  readonly redis: number
  readonly load: number
  readonly stale: number
  /** Of one core, all processes of the API together. */
  readonly cpuApi?: number
  readonly cpuGenerator?: number
  /** Of the largest process of the API: its heap, and all that it holds of the memory. */
  readonly heapMiB?: number
  readonly residentMiB?: number
  readonly activeVUs?: number
}

/** Milliseconds, of answers that were expected. */
export interface Latency {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** Answers by what they say of themselves (`Cache-Status`). */
export interface Hits {
  readonly memory: number
  readonly redis: number
  /** A load of its own. */
  readonly load: number
  /** It waited for the load of another. */
  readonly collapsed: number
  readonly stale: number
  /** No cache was asked. */
  readonly bypass: number
}

/** Of each change: how long after it was answered somebody who asked was still told the old value. */
export interface Staleness {
  readonly buckets: readonly { readonly upToMs: number; readonly count: number }[]
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface Trace {
  readonly label: 'slowest' | 'a follower' | 'the loader'
  readonly traceId: string
  /** Where it can be looked at; absent when nobody has it but the run. */
  readonly url?: string
  readonly durationMs: number
  readonly spans?: readonly Span[]
}

export interface Span {
  readonly name: string
  readonly service: string
  readonly depth: number
  readonly startMs: number
  readonly durationMs: number
}
