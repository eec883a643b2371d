/** The tree of categories, in Postgres. One statement reads all of it: it has hundreds of rows, not millions. */

import { categories, type Database } from '@shop/db'
import { asc } from 'drizzle-orm'

import type { Category, CategoryLink, CategoryNode } from './schema.ts'

export interface CategoryRepository {
  /** The whole tree, the top level first. */
  list(): Promise<readonly CategoryNode[]>
  get(slug: string): Promise<Category | undefined>
}

export function postgresCategories(db: Database['db']): CategoryRepository {
  const all = db
    .select({
      id: categories.id,
      parentId: categories.parentId,
      slug: categories.slug,
      name: categories.name,
      path: categories.path,
    })
    .from(categories)
    .orderBy(asc(categories.position), asc(categories.id))
    .prepare('category_list')

  return {
    async list() {
      return toTree(await all.execute())
    },

    async get(slug) {
      return find(toTree(await all.execute()), slug)
    },
  }
}

interface CategoryRow extends CategoryLink {
  readonly parentId: number | null
}

export function toTree(rows: readonly CategoryRow[]): readonly CategoryNode[] {
  const nodes = new Map(
    rows.map(({ parentId: _, ...link }): [number, CategoryNode] => [link.id, { ...link, children: [] }]),
  )
  const top: CategoryNode[] = []
  for (const { id, parentId } of rows) {
    const node = nodes.get(id)
    if (node === undefined) continue
    const siblings = parentId === null ? top : nodes.get(parentId)?.children
    siblings?.push(node)
  }
  return top
}

/** The category with this slug in a tree, with what is above it and directly below. */
export function find(
  tree: readonly CategoryNode[],
  slug: string,
  above: readonly CategoryLink[] = [],
): Category | undefined {
  for (const { children, ...link } of tree) {
    if (link.slug === slug)
      return { ...link, ancestors: [...above], children: children.map(({ children: _, ...child }) => child) }
    const found = find(children, slug, [...above, link])
    if (found) return found
  }
  return undefined
}
