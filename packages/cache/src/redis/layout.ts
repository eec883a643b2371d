/**
 * Every key and channel the cache uses in Redis. `name` is the cache's.
 *
 *     name:e:{key}     string  an entry (codec.ts); expires with it
 *     name:l:{key}     hash    the lease of that key: t = token, w<process> = waits; expires with the lease
 *     name:s:{0}       hash    e = epoch, r = run id of the server it was made on, n = number of the latest invalidation
 *     name:t:{0}:tag   string  epoch, number and nonce of a tag, separated by spaces; expires a day after its last load
 *     name:bus         channel every invalidation, to every process
 *     name:p:process   channel one process: the echo of its probes, the ends of leases it waits for
 *
 * What stands in braces chooses the slot of a Redis Cluster: what a script does for one key touches one slot only.
 */

export interface Layout {
  readonly entry: (key: string) => string
  /** The key of an entry, from where it lies. */
  readonly keyOf: (entry: string) => string
  /**
   * Where entries lie that match the pattern, as a glob of Redis, and some more: its "?" is one byte and not one character.
   * What has a meaning there alone is escaped.
   */
  readonly matching: (pattern: string) => string
  readonly lease: (key: string) => string
  readonly state: string
  readonly tag: (tag: string) => string
  readonly bus: string
  readonly own: string
  /** What stands before a process's own word in the name of its channel. */
  readonly ownPrefix: string
}

export function layout(name: string, process: string): Layout {
  const ownPrefix = `${name}:p:`
  const entry = (key: string): string => `${name}:e:{${key}}`
  return {
    entry,
    keyOf: (stored) => stored.slice(entry('').length - 1, -1),
    matching: (pattern) => entry(pattern.replaceAll(/[[\]\\]/g, '\\$&').replaceAll(/[*?]+/g, '*')),
    lease: (key) => `${name}:l:{${key}}`,
    state: `${name}:s:{0}`,
    tag: (tag) => `${name}:t:{0}:${tag}`,
    bus: `${name}:bus`,
    own: ownPrefix + process,
    ownPrefix,
  }
}
