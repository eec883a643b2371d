/**
 * What a client may ask of the search, and what is made of it before anything is looked up.
 *
 * Normalizing comes first: one key for all ways to write the same words, so that an entry is found again and nobody fills
 * the cache with punctuation.
 *
 *     '  Steel-KETTLE!! '   steel kettle
 *     'ＫＥＴＴＬＥ'          kettle                  NFKC: letters by what they mean
 *     '"over-ear" or buds'  "over ear" or buds      quotes hold words together, if they are a pair
 */

import { z } from '@hono/zod-openapi'

import { PAGE_EXAMPLE, ProductListQuery } from '../products/schema.ts'

const MAX_WRITTEN = 200
/** Of what is looked up. In UTF-8 it must fit into a key of the cache, also in letters of three bytes. */
const MAX_LENGTH = 100
const MAX_WORDS = 8

const WORD = /[\p{L}\p{M}\p{N}]+/gu

/** The words of a search in the form in which they are compared; empty when there are none. */
export function normalize(written: string): string {
  const text = written.normalize('NFKC').toLowerCase()
  // Of each pair of quotes the words between; a single one has no partner and means nothing.
  const parts = text.split('"')
  return parts
    .map((part, index) => ({ words: wordsOf(part), quoted: index % 2 === 1 && index < parts.length - 1 }))
    .flatMap(({ words, quoted }) => (quoted && words.length > 0 ? [`"${words.join(' ')}"`] : words))
    .join(' ')
}

export function wordsOf(q: string): readonly string[] {
  return q.match(WORD) ?? []
}

/** Without defaults and examples for what may be left out, which `/docs` would fill in and send. */
export const SearchParams = z.strictObject({
  q: z
    .string()
    .max(MAX_WRITTEN)
    .transform(normalize)
    .refine((q) => q !== '', 'Expected a word.')
    .refine((q) => q.length <= MAX_LENGTH, `At most ${MAX_LENGTH} characters in words.`)
    .refine((q) => wordsOf(q).length <= MAX_WORDS, `At most ${MAX_WORDS} words.`)
    .openapi({
      type: 'string',
      minLength: 1,
      maxLength: MAX_WRITTEN,
      description: `Up to ${MAX_WORDS} words of the name, the brand or the description. All must be there, in any form: \`kettles\` finds a kettle. The last may be the beginning of one, from three letters on. Words in quotes must follow each other; \`or\` between two asks for either.`,
      example: 'rollerball',
    }),
  category: ProductListQuery.shape.category,
  inStock: ProductListQuery.shape.inStock,
  limit: ProductListQuery.shape.limit,
  cursor: ProductListQuery.shape.cursor.openapi({
    description: 'The `nextCursor` of the page before, with the same words and the same filters.',
  }),
})

export const SEARCH_EXAMPLE = { ...PAGE_EXAMPLE, nextCursor: 'eyJ2IjoxLCJxIjoiYjVoWFZCa2V2bjN6IiwiYWZ0ZXIiOjI0fQ' }

export interface SearchQuery {
  /** Normalized. */
  readonly q: string
  readonly category?: string | undefined
  readonly inStock: boolean
}
