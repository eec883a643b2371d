/** A repository of categories without a database, with those of the fixture. */

import { type CategoryRepository, find, toTree } from '../src/categories/repository.ts'
import { CATEGORIES, type FixtureCategory } from './fixture.ts'

export class MemoryCategories implements CategoryRepository {
  readonly #tree = toTree(
    CATEGORIES.map(({ slug, name, parent }, index) => ({
      id: index + 1,
      parentId: parent === undefined ? null : CATEGORIES.findIndex((entry) => entry.slug === parent) + 1,
      slug,
      name,
      path: pathOf({ slug, name, ...(parent !== undefined && { parent }) }),
    })),
  )

  async list() {
    return this.#tree
  }

  async get(slug: string) {
    return find(this.#tree, slug)
  }
}

function pathOf({ slug, parent }: FixtureCategory): string {
  const above = CATEGORIES.find((entry) => entry.slug === parent)
  return above === undefined ? slug : `${pathOf(above)}/${slug}`
}
