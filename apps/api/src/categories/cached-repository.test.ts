import { expect, test } from 'vitest'

import { redisCache } from '../../test/caches.ts'
import { MemoryCategories } from '../../test/memory-categories.ts'
import { cachedCategories } from './cached-repository.ts'

class CountedCategories extends MemoryCategories {
  calls = 0

  override list() {
    this.calls++
    return super.list()
  }

  override get(slug: string) {
    this.calls++
    return super.get(slug)
  }
}

const OPTIONS = { loadTimeout: 5000 }

test('answers as its source does', async () => {
  const source = new MemoryCategories()
  const categories = cachedCategories(source, await redisCache(), OPTIONS)
  expect(await categories.list()).toEqual(await source.list())
  expect(await categories.get('audio')).toEqual(await source.get('audio'))
  expect(await categories.get('garden')).toBeUndefined()
})

test('a second read does not reach the source, not even for a category that does not exist', async () => {
  const source = new CountedCategories()
  const categories = cachedCategories(source, await redisCache(), OPTIONS)
  for (const _ of [1, 2]) {
    await categories.list()
    await categories.get('audio')
    await categories.get('garden')
  }
  expect(source.calls).toBe(3)
})

test('one tag reloads the tree and every category', async () => {
  const source = new CountedCategories()
  const cache = await redisCache()
  const categories = cachedCategories(source, cache, OPTIONS)
  const readAll = () => Promise.all([categories.list(), categories.get('audio'), categories.get('garden')])
  await readAll()
  expect(await cache.invalidateTags(['categories'])).toBe(true)
  await readAll()
  expect(source.calls).toBe(6)
})
