/**
 * The representation of a product: the bytes in which it leaves, and what follows from them.
 *
 * Its entity tag is the hash of the bytes (RFC 9110 section 8.8.3), so it changes with whatever is shown, also with the
 * name of the category, which is no change of the product. The cache has the same bytes and the same hash at hand; here
 * they are made for what comes from no cache, and for writes, which compare under the lock of the row.
 */

import { type Bytes, contentHash, type HttpHeaders, type HttpOptions } from '@shop/cache'

import type { Product } from './schema.ts'
import { tagsOfId, tagsOfProduct } from './tags.ts'

/** It may be kept, and must be asked about before each use: its price may have changed. */
export const PRODUCT_HTTP: HttpOptions = { maxAge: 0 }

const HEADERS: HttpHeaders = { 'Cache-Control': 'public, no-cache' }

export interface Representation extends Bytes {
  readonly headers: HttpHeaders
}

export function represent(product: Product): Representation {
  const bytes = Buffer.from(JSON.stringify(product))
  return {
    bytes,
    hash: contentHash(bytes),
    tags: [...tagsOfId(product.id), ...tagsOfProduct(product)],
    headers: HEADERS,
  }
}

export function entityTagOf(product: Product): string {
  return `"${represent(product).hash}"`
}
