/**
 * A finished span as tests look at it, and traces drawn as text so that a test
 * states their shape.
 */

/** One finished span, in the same form whether it comes from memory or from Jaeger. */
export interface RecordedSpan {
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly failed: boolean
  /** Microseconds, but the SDK counts in whole milliseconds: spans that start in one are in no order. */
  readonly startedAt: number
  readonly duration: number
  readonly attributes: Readonly<Record<string, unknown>>
}

/**
 * Draws each trace as a tree, two spaces per level, siblings by start and then in the order given. A span whose parent
 * is not among `spans` stands at the left, so a broken trace shows at once.
 */
export function drawTraces(spans: readonly RecordedSpan[]): string {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const draw = (span: RecordedSpan, depth: number): string[] => [
    `${'  '.repeat(depth)}${span.name}${span.failed ? ' !' : ''}`,
    ...inOrder(spans.filter(({ parentSpanId }) => parentSpanId === span.spanId)).flatMap((child) =>
      draw(child, depth + 1),
    ),
  ]
  return inOrder(spans.filter(({ parentSpanId }) => parentSpanId === undefined || !ids.has(parentSpanId)))
    .flatMap((root) => draw(root, 0))
    .join('\n')
}

function inOrder(spans: readonly RecordedSpan[]): RecordedSpan[] {
  return spans.toSorted((a, b) => a.startedAt - b.startedAt)
}
