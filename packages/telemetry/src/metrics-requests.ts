/**
 * How long requests took: a histogram, kept by hand.
 *
 * The histogram of the metrics API finds its series by sorting the attributes and writing them as JSON, half a
 * microsecond for each record, and it has no exemplars in JavaScript. Here a series is found by three maps, and each of
 * its buckets remembers the last sampled request that fell into it. What was counted is handed to the reader
 * (`metrics-sdk.ts`) when it collects, like that of any instrument.
 *
 *     method ─▶ route ─▶ status ─▶ series    counts by bucket, sum, an exemplar by bucket
 */

/** Upper bounds in seconds, inclusive: an answer from memory takes a tenth of a millisecond, the slowest ten seconds. */
export const DURATION_BOUNDS: readonly number[] = Object.freeze([
  0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
])

/** What the API's own histograms hold at most. Past it requests count in one series without a route. */
const MOST_SERIES = 2_000

/** A request that can be looked at: it has a span that is kept. */
export interface Exemplar {
  readonly traceId: string
  readonly spanId: string
  /** In seconds. */
  readonly value: number
  readonly at: Date
}

/** The requests of one method, route and status. */
export interface DurationSeries {
  readonly method: string
  /** Absent: no route serves the path, or there are too many series. */
  readonly route: string | undefined
  /** Absent: there are too many series. */
  readonly status: number | undefined
  /** By bucket; the last is of what is above every bound. */
  readonly counts: number[]
  readonly exemplars: (Exemplar | undefined)[]
  sum: number
}

/** The requests of one method that have no answer yet, and those that had one. */
export interface MethodRequests {
  readonly method: string
  active: number
  readonly byRoute: Map<string | undefined, Map<number | undefined, DurationSeries>>
}

export class RequestMetrics {
  readonly since = new Date()
  readonly #methods = new Map<string, MethodRequests>()
  #size = 0

  /** Call `end` for each. `method` must be one of few. */
  begin(method: string): MethodRequests {
    let requests = this.#methods.get(method)
    if (requests === undefined) {
      requests = { method, active: 0, byRoute: new Map() }
      this.#methods.set(method, requests)
    }
    requests.active++
    return requests
  }

  /** @param span That of the request, if it is kept. */
  end(
    requests: MethodRequests,
    route: string | undefined,
    status: number,
    seconds: number,
    span?: { readonly traceId: string; readonly spanId: string },
  ): void {
    requests.active--
    const series = requests.byRoute.get(route)?.get(status) ?? this.#add(requests, route, status)
    const bucket = bucketOf(seconds)
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
    series.sum += seconds
    if (span) {
      series.exemplars[bucket] = { traceId: span.traceId, spanId: span.spanId, value: seconds, at: new Date() }
    }
  }

  get methods(): readonly MethodRequests[] {
    return [...this.#methods.values()]
  }

  get series(): readonly DurationSeries[] {
    return this.methods.flatMap(({ byRoute }) => [...byRoute.values()].flatMap((byStatus) => [...byStatus.values()]))
  }

  #add(requests: MethodRequests, wantedRoute: string | undefined, wantedStatus: number): DurationSeries {
    const hasRoom = this.#size < MOST_SERIES
    const [route, status] = hasRoom ? [wantedRoute, wantedStatus] : [undefined, undefined]
    const byStatus = requests.byRoute.get(route) ?? new Map<number | undefined, DurationSeries>()
    requests.byRoute.set(route, byStatus)
    const known = byStatus.get(status)
    if (known) return known
    const buckets = DURATION_BOUNDS.length + 1
    const series: DurationSeries = {
      method: requests.method,
      route,
      status,
      counts: new Array<number>(buckets).fill(0),
      exemplars: new Array<undefined>(buckets).fill(undefined),
      sum: 0,
    }
    byStatus.set(status, series)
    this.#size++
    return series
  }
}

/** From below: most requests are in the first buckets. */
function bucketOf(seconds: number): number {
  let bucket = 0
  for (const bound of DURATION_BOUNDS) {
    if (seconds <= bound) return bucket
    bucket++
  }
  return bucket
}

let current: RequestMetrics | undefined

/** `undefined` while metrics are off. */
export function currentRequestMetrics(): RequestMetrics | undefined {
  return current
}

/** Only whoever starts or stops the metrics calls this. */
export function setRequestMetrics(requests: RequestMetrics | undefined): void {
  current = requests
}
