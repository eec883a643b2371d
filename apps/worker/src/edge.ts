/**
 * The edge: an HTTP cache in front of the API that keeps answers by their tags, and can be told which of them to drop.
 *
 * One implementation is here, for Varnish (`edge-varnish.ts`). A CDN's is its API in the same two members; docs/edge.md
 * has a sketch.
 */

export interface EdgePurger {
  /** Which kind of edge, for the log. */
  readonly name: string
  /**
   * Drops every answer that carries one of the tags. Resolves when the edge has said that it is done, all of it: what may
   * have been done in part is done again. May be repeated. Rejects when it is not known to be done, or `signal` is aborted.
   */
  purge(tags: readonly string[], signal: AbortSignal): Promise<void>
}

/** Keys in the order given, in as many lists as it takes for each to be at most so long as a line, joined by `separator`. */
export function linesOf(keys: readonly string[], separator: string, mostLength: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const key of keys) {
    const longer = line === '' ? key : line + separator + key
    if (longer.length > mostLength && line !== '') {
      lines.push(line)
      line = key
    } else {
      line = longer
    }
  }
  return line === '' ? lines : [...lines, line]
}
