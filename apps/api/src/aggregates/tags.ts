/**
 * The tags of aggregates: what a refresh of their view writes, for the rows that it changed (`@shop/db`, views.ts).
 *
 * Facets also carry `categories`, because they say that there is, or is not, such a category.
 */

import { CATEGORIES } from '../categories/tags.ts'

export function tagsOfFacets(slug: string): readonly string[] {
  return [`facets:${slug}`, 'facets', CATEGORIES]
}

export function tagsOfBestSellers(): readonly string[] {
  return ['best-sellers']
}

export function tagsOfRelated(productId: number): readonly string[] {
  return [`related:${productId}`, 'related']
}

export function tagsOfRatings(productId: number): readonly string[] {
  return [`ratings:${productId}`, 'ratings']
}
