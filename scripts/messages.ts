/** An error as a person reads it: what happened, and what was behind it. No stack. */

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error && error.cause.message ? `\n  because: ${error.cause.message}` : ''
  return `${error.message || error.name}${cause}`
}
