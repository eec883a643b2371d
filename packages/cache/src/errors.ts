/**
 * Every error this package throws.
 *
 * `code` is the contract: match on it, log it, alert on it. `message` is for a person and may change;
 * it names keys and limits, never values. Each code has a section in docs/errors.md.
 *
 * Three kinds, by who acts: misuse by the caller is thrown at once (`*_INVALID`, `CACHE_CLOSED`);
 * trouble at the source rejects the read (`CACHE_LOAD_*`); trouble with Redis (`CACHE_REMOTE_*`) stays
 * inside the package, where it is an event and the next source is asked. A loader's own error reaches
 * the caller as it was thrown.
 */

export type CacheErrorCode =
  | 'CACHE_CLOSED'
  | 'CACHE_KEY_INVALID'
  | 'CACHE_LOAD_FAILED'
  | 'CACHE_LOAD_SHED'
  | 'CACHE_LOAD_TIMEOUT'
  | 'CACHE_OPTION_INVALID'
  | 'CACHE_REMOTE_FAILED'
  | 'CACHE_REMOTE_TIMEOUT'
  | 'CACHE_REMOTE_UNAVAILABLE'
  | 'CACHE_TAG_INVALID'
  | 'CACHE_VALUE_INVALID'

export class CacheError extends Error {
  override readonly name = 'CacheError'
  readonly code: CacheErrorCode

  constructor(code: CacheErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export function closed(): CacheError {
  return new CacheError('CACHE_CLOSED', 'The cache is closed')
}

export function keyInvalid(resource: string, reason: string): CacheError {
  return new CacheError('CACHE_KEY_INVALID', `A key of ${resource} is not usable: ${reason}`)
}

export function patternInvalid(reason: string): CacheError {
  return new CacheError('CACHE_KEY_INVALID', `A pattern of keys is not usable: ${reason}`)
}

export function tagInvalid(reason: string): CacheError {
  return new CacheError('CACHE_TAG_INVALID', `A tag is not usable: ${reason}`)
}

export function valueInvalid(key: string, reason: string, cause?: unknown): CacheError {
  return new CacheError('CACHE_VALUE_INVALID', `The value of ${key} cannot be cached: ${reason}`, { cause })
}

export function optionInvalid(name: string, expected: string, got: unknown): CacheError {
  return new CacheError('CACHE_OPTION_INVALID', `Expected ${name} to be ${expected}, got ${String(got)}`)
}

export function optionUnknown(what: string, name: string, known: readonly string[]): CacheError {
  return new CacheError('CACHE_OPTION_INVALID', `${what} has no option ${name}; it has ${known.join(', ')}`)
}

export function loadTimeout(key: string, limitMs: number): CacheError {
  return new CacheError('CACHE_LOAD_TIMEOUT', `Loading ${key} took longer than ${limitMs} ms`)
}

export function loadShed(limit: number): CacheError {
  return new CacheError('CACHE_LOAD_SHED', `${limit} loads are already waiting for their turn; this one was refused`)
}

/** The process that held the lease of this key reported that its loader failed. */
export function loadFailedElsewhere(key: string, errorName: string): CacheError {
  return new CacheError('CACHE_LOAD_FAILED', `Another process failed to load ${key} (${errorName})`)
}

export function remoteTimeout(operation: string, limitMs: number): CacheError {
  return new CacheError('CACHE_REMOTE_TIMEOUT', `Redis did not answer ${operation} within ${limitMs} ms`)
}

export function remoteUnavailable(operation: string): CacheError {
  return new CacheError('CACHE_REMOTE_UNAVAILABLE', `Redis is not usable at the moment; ${operation} was not sent`)
}

export function remoteFailed(operation: string, cause: unknown): CacheError {
  const reason = cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : ''
  return new CacheError('CACHE_REMOTE_FAILED', `Redis refused ${operation}${reason}`, { cause })
}
