/**
 * What an answer says about where it came from (RFC 9211, `Cache-Status`).
 *
 *     shop; fwd=miss; stored; ttl=299       this request's own load
 *     shop; fwd=miss; collapsed; ttl=299    it waited for the load of another
 *     shop; hit; ttl=299; detail=memory     it was in the cache already
 *     shop; hit; ttl=-3; detail=memory      it was, past its lifetime
 */

export type Source = 'memory' | 'redis' | 'load' | 'collapsed' | 'stale' | 'bypass'

/** Reads the member of the shop, which is the first: caches nearer to the client append theirs. */
export function servedFrom(header: string | undefined): Source {
  const [, ...parameters] = (header?.split(',')[0] ?? '').split(';').map((part) => part.trim())
  if (parameters.includes('hit')) {
    if (parameters.some((parameter) => parameter.startsWith('ttl=-'))) return 'stale'
    return parameters.includes('detail=memory') ? 'memory' : 'redis'
  }
  if (parameters.includes('collapsed')) return 'collapsed'
  return parameters.some((parameter) => parameter.startsWith('fwd')) ? 'load' : 'bypass'
}
