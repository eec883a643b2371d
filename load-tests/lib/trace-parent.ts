/** The header that has a request traced, whatever the shop decides on others (W3C Trace Context, `traceparent`). */

export function tracedHeaders(): { readonly traceparent: string } {
  return { traceparent: `00-${hex(32)}-${hex(16)}-01` }
}

/** So many digits, not all of them 0. */
function hex(digits: number): string {
  const random = Array.from({ length: digits - 1 }, () => Math.floor(Math.random() * 16).toString(16))
  return `1${random.join('')}`
}
