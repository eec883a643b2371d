import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createDatabase } from '../../test/database.ts'
import { insertFixture } from '../../test/fixture.ts'
import { MemoryCategories } from '../../test/memory-categories.ts'
import { find, postgresCategories, toTree } from './repository.ts'

describe('in Postgres', async () => {
  const database = await createDatabase()
  beforeAll(() => insertFixture(database.sql))
  afterAll(() => database.close())

  test('the tree is that of the double', async () => {
    expect(await postgresCategories(database.db).list()).toEqual(await new MemoryCategories().list())
  })

  test('a category is that of the double', async () => {
    const category = await postgresCategories(database.db).get('audio')
    expect(category).toEqual(await new MemoryCategories().get('audio'))
    expect(category?.ancestors).toEqual([{ id: 1, slug: 'electronics', name: 'Electronics', path: 'electronics' }])
  })

  test('a slug of no category gives undefined', async () => {
    expect(await postgresCategories(database.db).get('garden')).toBeUndefined()
  })
})

describe('a tree', () => {
  const row = (id: number, parentId: number | null) => ({
    id,
    parentId,
    slug: `s${id}`,
    name: `N${id}`,
    path: `s${id}`,
  })

  test('keeps the order of the rows among siblings, whichever comes first', () => {
    const tree = toTree([row(3, 1), row(1, null), row(2, null), row(4, 1)])
    expect(tree.map(({ id }) => id)).toEqual([1, 2])
    expect(tree[0]?.children.map(({ id }) => id)).toEqual([3, 4])
  })

  test('of no rows is empty', () => {
    expect(toTree([])).toEqual([])
  })

  test('finds what is deep, with its ancestors from the top', () => {
    const tree = toTree([row(1, null), row(2, 1), row(3, 2)])
    expect(find(tree, 's3')?.ancestors.map(({ id }) => id)).toEqual([1, 2])
    expect(find(tree, 's9')).toBeUndefined()
  })
})
