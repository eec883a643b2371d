/**
 * What kind of data each cached resource holds, and what is never cached: the words of `docs/data-classes.md`.
 *
 * Lifetimes and tiers are not here: they are read from the declarations themselves (`npm run data-classes`). A resource
 * without a row, a row without a resource, and a row whose tags are not those of the entries fail a test.
 */

/** How old data of each class may be, and why. */
export const CLASSES = {
  entity:
    'A thing that people change. Who changed it sees the change at once, everyone else within a second of the commit.',
  list: 'Which things belong together, as ids only. What is shown of them is read as entities, so it is never older than these.',
  reference: 'Few values that everyone reads and hardly anyone changes; they change together.',
  aggregate: 'Computed from many rows. As old as its last computation, and says how old.',
} as const

export interface DataClass {
  /** What it is, for people. */
  readonly data: string
  readonly class: keyof typeof CLASSES
  readonly mayBeStale: string
  readonly strategy: string
  /** Tags of its entries; what varies is in angle brackets. */
  readonly invalidatedBy: readonly string[]
}

/** By the name of the resource. */
export const DATA_CLASSES: Readonly<Record<string, DataClass>> = {
  product: {
    data: 'a product, with its price and whether it is in stock',
    class: 'entity',
    mayBeStale: '1 s after a commit; not at all where it was written',
    strategy: 'cache-aside by id, many in one question, also that there is none',
    invalidatedBy: ['product:<id>', 'category:<id>', 'products'],
  },
  'product-list': {
    data: 'a page of a list',
    class: 'list',
    mayBeStale: 'who is on it: 1 s after a commit; what is shown of them: as a product',
    strategy: 'cache-aside of ids by normalized query, filled with cached products',
    invalidatedBy: ['list:<scope>', 'list:<scope>:price:<band>', 'list:<scope>:stock', 'list:<scope>:rating', 'lists'],
  },
  search: {
    data: 'what a search finds',
    class: 'list',
    mayBeStale: 'what is found: 1 s after a commit; what is shown of it: as a product',
    strategy:
      'cache-aside of ids by normalized words, filled with cached products; out of L1, where most would be once',
    invalidatedBy: ['search:<letters>', 'list:<scope>', 'list:<scope>:stock', 'search', 'lists'],
  },
  'category-tree': {
    data: 'the tree of categories',
    class: 'reference',
    mayBeStale: '1 s after a commit',
    strategy: 'cache-aside, one key',
    invalidatedBy: ['categories'],
  },
  category: {
    data: 'a category, with those above and below',
    class: 'reference',
    mayBeStale: '1 s after a commit',
    strategy: 'cache-aside by slug, also that there is none',
    invalidatedBy: ['categories'],
  },
  facets: {
    data: 'what there is in a category, by brand, price and rating',
    class: 'aggregate',
    mayBeStale: 'as the view: minutes; 1 s after a refresh that changed it',
    strategy: 'materialized view, then cache-aside by slug, also that there is none',
    invalidatedBy: ['facets:<slug>', 'facets', 'categories'],
  },
  'best-sellers': {
    data: 'what sells best',
    class: 'aggregate',
    mayBeStale: 'the ranks: as the view, minutes; what is shown of them: as a product',
    strategy: 'materialized view, then cache-aside of ids by period, filled with cached products',
    invalidatedBy: ['best-sellers'],
  },
  related: {
    data: 'what was bought together with a product',
    class: 'aggregate',
    mayBeStale: 'which ones: as the view, an hour; what is shown of them: as a product',
    strategy: 'materialized view, then cache-aside of ids by product, filled with cached products',
    invalidatedBy: ['related:<id>', 'related'],
  },
  ratings: {
    data: 'how a product was rated, star by star',
    class: 'aggregate',
    mayBeStale: 'as the view: minutes; 1 s after a refresh that changed it',
    strategy: 'materialized view, then cache-aside by product',
    invalidatedBy: ['ratings:<id>', 'ratings'],
  },
}

/** What must be right at the moment it is used, and where it comes from instead. */
export const NEVER_CACHED = [
  { data: 'stock, to the piece', read: '`GET /products/{id}/stock`', instead: 'Postgres, each time; `no-store`' },
  {
    data: 'stock and price at checkout',
    read: '`POST /orders`',
    instead: 'one transaction, which reads the price and takes the stock by a conditional update',
  },
  { data: 'an order', read: '`GET /orders/{id}`', instead: 'Postgres, each time, only for its owner; `no-store`' },
] as const
