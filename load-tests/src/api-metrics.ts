/** What a process of the API says of itself on `/metrics`, as far as a load test looks at it. */

export interface ApiMetrics {
  /** Requests answered, but for changes of prices, which are not of k6, and for what only machines ask. */
  readonly served: number | undefined
  /** Used of its heap. */
  readonly heapMiB: number | undefined
  /** Of the machine's memory, with what is beside the heap: buffers, sockets, code. */
  readonly residentMiB: number | undefined
}

const UNKNOWN: ApiMetrics = { served: undefined, heapMiB: undefined, residentMiB: undefined }
const NOT_OF_VISITORS = /http_request_method="PUT"|http_route="\/(metrics|livez|readyz|admin\/cache)"/

/** Nothing is known of a process that does not answer in time, or keeps no metrics. */
export async function apiMetrics(url: string, limitMs: number): Promise<ApiMetrics> {
  try {
    // A connection that stayed open would be counted among those of the visitors.
    const headers = { connection: 'close' }
    const answer = await fetch(`${url}/metrics`, { headers, signal: AbortSignal.timeout(limitMs) })
    return answer.ok ? readMetrics(await answer.text()) : UNKNOWN
  } catch {
    return UNKNOWN
  }
}

export function readMetrics(text: string): ApiMetrics {
  const requests = valuesOf(text, 'http_server_request_duration_seconds_count', NOT_OF_VISITORS)
  return {
    served: sum(requests),
    heapMiB: mebibytes(valuesOf(text, 'v8js_memory_heap_used_bytes')),
    residentMiB: mebibytes(valuesOf(text, 'process_memory_usage_bytes')),
  }
}

function mebibytes(bytes: readonly number[]): number | undefined {
  const all = sum(bytes)
  return all === undefined ? undefined : all / 2 ** 20
}

/** Of each series of a metric; an exemplar may follow the value. */
function valuesOf(text: string, name: string, except?: RegExp): number[] {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return lines.filter((line) => !except?.test(line)).map((line) => Number(/(?:\}|^\w+) (\S+)/.exec(line)?.[1] ?? 0))
}

function sum(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((all, value) => all + value, 0)
}
