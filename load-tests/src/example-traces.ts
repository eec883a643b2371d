/**
 * Three traces that say most about a run: the slowest, one that waited for the load of another, and that load.
 *
 *     a follower     GET ── cache get ── cache wait ─ ─ ─ ┐ link
 *     the loader     GET ── cache get ── cache load ◀─ ─ ─┘ SELECT
 *
 * Only traces that came whole are looked at: when many requests end at once, a process drops spans rather than requests.
 */

import { childrenOf, type RecordedSpan, rootsOf } from '@shop/telemetry/testing'

import type { Span, Trace } from './run-file.ts'

export interface Examples {
  readonly traces: readonly Trace[]
  /** All of theirs. */
  readonly spans: readonly RecordedSpan[]
  /** How many traced requests they were chosen from. */
  readonly among: number
}

/** One request with all that was done for it. */
interface Request {
  readonly root: RecordedSpan
  readonly spans: readonly RecordedSpan[]
}

export function exampleTraces(recorded: readonly RecordedSpan[]): Examples {
  const requests = [...Map.groupBy(recorded, ({ traceId }) => traceId).values()].flatMap(requestOf)
  const [slowest] = requests.toSorted(bySlowest)
  // Where everybody waits, the slowest is one who waited: another says more.
  const { follower, loader } = pairAmong(requests.filter((request) => request !== slowest))
  const chosen = [
    { label: 'slowest', request: slowest },
    { label: 'a follower', request: follower },
    { label: 'the loader', request: loader },
  ] as const
  return {
    traces: chosen.flatMap(({ label, request }) => (request ? [traceOf(label, request)] : [])),
    spans: [...new Set(chosen.flatMap(({ request }) => request?.spans ?? []))],
    among: requests.length,
  }
}

/** None for a trace of something else, for a part of one, and for what was kept of a slow request that was not recorded. */
function requestOf(spans: readonly RecordedSpan[]): Request[] {
  const [root, ...others] = rootsOf(spans)
  if (root?.kind !== 'server' || others.length > 0 || root.attributes['shop.kept'] !== undefined) return []
  return [{ root, spans }]
}

/** Who waited longest for a load that was recorded too; else who loaded longest. */
function pairAmong(requests: readonly Request[]): { readonly follower?: Request; readonly loader?: Request } {
  const loads = new Map(
    requests.flatMap((request) => spansOf(request, 'load').map(({ spanId }) => [spanId, request] as const)),
  )
  const followers = requests.filter((request) => spansOf(request, 'wait').length > 0).toSorted(bySlowest)
  for (const follower of followers) {
    const links = spansOf(follower, 'wait').flatMap((wait) => wait.links)
    const loader = links.map(({ spanId }) => loads.get(spanId)).find((request) => request !== undefined)
    if (loader) return { follower, loader }
  }
  const [loader] = [...new Set(loads.values())].toSorted(bySlowest)
  const [follower] = followers
  return { ...(follower && { follower }), ...(loader && { loader }) }
}

function spansOf({ spans }: Request, operation: 'load' | 'wait'): RecordedSpan[] {
  return spans.filter(({ attributes }) => attributes['shop.cache.operation'] === operation)
}

function bySlowest(a: Request, b: Request): number {
  return b.root.duration - a.root.duration
}

function traceOf(label: Trace['label'], { root, spans }: Request): Trace {
  const walk = (span: RecordedSpan, depth: number): Span[] => [
    {
      name: span.name,
      service: String(span.attributes['db.system.name'] ?? span.service),
      depth,
      startMs: (span.startedAt - root.startedAt) / 1_000,
      durationMs: span.duration / 1_000,
    },
    ...childrenOf(spans, span).flatMap((child) => walk(child, depth + 1)),
  ]
  return { label, traceId: root.traceId, durationMs: root.duration / 1_000, spans: walk(root, 0) }
}
