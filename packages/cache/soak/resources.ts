/** The resources of the soak, as a member declares them: one for each kind (kinds.ts). */

import { type Cache, NOT_MODIFIED, type Resource } from '../src/index.ts'
import { groupTag, KEYS, KINDS, type Kind, shelfTag, type Value, valueAt } from './kinds.ts'
import type { SourceClient } from './source-client.ts'

export function declareResources(cache: Cache, source: SourceClient): Resource<number, Value>[] {
  return KINDS.map((kind, n) => declare(cache, source, kind, n * KEYS))
}

/** A value is asked for by its number within the kind, whose first key is `first`. */
function declare(cache: Cache, source: SourceClient, kind: Kind, first: number): Resource<number, Value> {
  const loadMany = async (ids: readonly number[]): Promise<(Value | undefined)[]> => {
    const keys = ids.map((id) => first + id)
    const versions = await source.read(keys)
    return keys.map((key, i) => valueAt(key, versions[i] as number))
  }
  const load = async (id: number): Promise<Value | undefined> => (await loadMany([id]))[0]
  return cache.resource<number, Value>({
    name: kind.name,
    version: 1,
    ...kind.policy,
    key: (id) => [id],
    tags: (id) => (kind.written.includes('by shelf') ? [shelfTag(first + id), `item:${id}`] : []),
    load,
    tagsOf: ({ key, version }) => (kind.written.includes('by value') ? [groupTag(key, version)] : []),
    reload: kind.conditional
      ? async (id, previous) => {
          const value = await load(id)
          return value?.version === previous.value.version ? NOT_MODIFIED : value
        }
      : undefined,
    loadMany,
  })
}
