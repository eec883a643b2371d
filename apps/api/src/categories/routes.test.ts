import { expect, test } from 'vitest'

import { createTestApp } from '../../test/test-app.ts'
import { Category, CategoryTree } from './schema.ts'

test('the tree has every category below its parent, in order', async () => {
  const response = await createTestApp().request('/categories')
  expect(response.status).toBe(200)
  const { items } = CategoryTree.strict().parse(await response.json())
  expect(items.map(({ slug }) => slug)).toEqual(['electronics', 'kitchen'])
  expect(items[0]?.children[0]?.children[0]).toMatchObject({
    slug: 'headphones',
    path: 'electronics/audio/headphones',
    children: [],
  })
})

test('a category knows what is above it and directly below', async () => {
  const response = await createTestApp().request('/categories/audio')
  const category = Category.strict().parse(await response.json())
  expect(category).toMatchObject({ slug: 'audio', path: 'electronics/audio' })
  expect(category.ancestors.map(({ slug }) => slug)).toEqual(['electronics'])
  expect(category.children.map(({ slug }) => slug)).toEqual(['headphones'])
})

test('a category that does not exist is 404', async () => {
  expect((await createTestApp().request('/categories/garden')).status).toBe(404)
})

test.each(['/categories/Audio', '/categories/a--b', '/categories/audio?depth=2', '/categories?depth=2'])(
  '%s is 400',
  async (path) => {
    expect((await createTestApp().request(path)).status).toBe(400)
  },
)
