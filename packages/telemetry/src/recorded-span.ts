/**
 * A finished span as tests look at it, and traces drawn as text so that a test
 * states their shape.
 */

/** One finished span, in the same form whether it comes from memory, from a collector or from Jaeger. */
export interface RecordedSpan {
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  /** The service that recorded the span. */
  readonly service: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** Spans that this one is connected with and that are not its parent, most of them of other traces. */
  readonly links: readonly SpanLink[]
  readonly failed: boolean
  /** Microseconds since 1970. */
  readonly startedAt: number
  readonly duration: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: readonly SpanEvent[]
}

export interface SpanLink {
  readonly traceId: string
  readonly spanId: string
}

export interface SpanEvent {
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
}

export interface Drawing {
  /**
   * Whether a span says which service recorded it, where that is another than its parent's.
   * @default false
   */
  readonly services?: boolean
  /**
   * What siblings are in the order of. Between processes `start` is as good as their clocks; `name` is always the same.
   * @default 'start'
   */
  readonly order?: 'start' | 'name'
}

/**
 * Draws each trace as a tree, two spaces per level, siblings by start and then in the order given. A span whose parent
 * is not among `spans` stands at the left, so a broken trace shows at once. `!` is a failure, `~` a link and the name of
 * the span it leads to, `?` when that is not among `spans`.
 *
 *     GET /products/{id}
 *       cache read product ~ cache load product
 */
export function drawTraces(
  spans: readonly RecordedSpan[],
  { services = false, order = 'start' }: Drawing = {},
): string {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const serviceOf = (span: RecordedSpan): string =>
    services && byId.get(span.parentSpanId ?? '')?.service !== span.service ? `${span.service}: ` : ''
  const linksOf = ({ links }: RecordedSpan): string =>
    links.map(({ spanId }) => ` ~ ${byId.get(spanId)?.name ?? '?'}`).join('')
  const textOf = (span: RecordedSpan): string =>
    `${serviceOf(span)}${span.name}${span.failed ? ' !' : ''}${linksOf(span)}`
  const ordered = (siblings: RecordedSpan[]): RecordedSpan[] =>
    order === 'start' ? siblings : siblings.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1))
  const draw = (span: RecordedSpan, depth: number): string[] => [
    `${'  '.repeat(depth)}${textOf(span)}`,
    ...ordered(childrenOf(spans, span)).flatMap((child) => draw(child, depth + 1)),
  ]
  return ordered(rootsOf(spans))
    .flatMap((root) => draw(root, 0))
    .join('\n')
}

/** Spans whose parent is not among them. */
export function rootsOf(spans: readonly RecordedSpan[]): RecordedSpan[] {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  return inOrder(spans.filter(({ parentSpanId }) => parentSpanId === undefined || !ids.has(parentSpanId)))
}

export function childrenOf(spans: readonly RecordedSpan[], { spanId }: RecordedSpan): RecordedSpan[] {
  return inOrder(spans.filter(({ parentSpanId }) => parentSpanId === spanId))
}

function inOrder(spans: readonly RecordedSpan[]): RecordedSpan[] {
  return spans.toSorted((a, b) => a.startedAt - b.startedAt)
}
