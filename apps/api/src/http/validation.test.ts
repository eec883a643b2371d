import { z } from '@hono/zod-openapi'
import { expect, test } from 'vitest'

import { toRequestErrors } from './validation.ts'

function errorsOf(target: string, schema: z.ZodType, value: unknown) {
  return toRequestErrors(target, schema.safeParse(value).error?.issues ?? [], value)
}

test('a body field is named by a JSON pointer, however deep', () => {
  const schema = z.object({ lines: z.array(z.object({ 'a/b~c': z.number() })) })
  expect(errorsOf('json', schema, { lines: [{ 'a/b~c': 1 }, { 'a/b~c': 'x' }] })).toEqual([
    { pointer: '/lines/1/a~1b~0c', detail: 'Expected a number.' },
  ])
})

test('each unknown body field is an error of its own', () => {
  expect(errorsOf('json', z.strictObject({}), { a: 1, b: 2 })).toEqual([
    { pointer: '/a', detail: 'This route has no such field.' },
    { pointer: '/b', detail: 'This route has no such field.' },
  ])
})

test('a wrong body as a whole is the empty pointer', () => {
  expect(errorsOf('json', z.strictObject({}), [])).toEqual([{ pointer: '', detail: 'Expected an object.' }])
})

test('a query parameter is named by its name', () => {
  expect(errorsOf('query', z.strictObject({ limit: z.literal('1') }), { limit: '2', page: '1' })).toEqual([
    { parameter: 'limit', detail: 'Expected 1.' },
    { parameter: 'page', detail: 'This route has no such parameter.' },
  ])
})

test.each([
  [z.string(), undefined, 'Required.'],
  [z.enum(['a', 'b']), undefined, 'Required.'],
  [z.string(), null, 'Expected text.'],
  [z.string(), ['a'], 'Expected text.'],
  [z.number(), '1', 'Expected a number.'],
  [z.number().int(), 1.5, 'Expected a whole number.'],
  [z.array(z.string()), 'a', 'Expected a list.'],
  [z.enum(['a', 'b', 'c']), 'd', 'Expected a, b or c.'],
  [z.string().min(1), '', 'Must not be empty.'],
  [z.string().min(2), 'a', 'At least 2 characters.'],
  [z.string().max(3), 'abcd', 'At most 3 characters.'],
  [z.number().min(1), 0, 'At least 1.'],
  [z.number().positive(), 0, 'More than 0.'],
  [z.number().max(9), 10, 'At most 9.'],
  [z.string().regex(/^a$/, 'Expected an a.'), 'b', 'Expected an a.'],
])('in our own words: %#, %j is %s', (schema, value, detail) => {
  expect(errorsOf('json', z.object({ field: schema }), { field: value })).toEqual([{ pointer: '/field', detail }])
})

test('a field with several faults has one error', () => {
  const schema = z.object({ price: z.number().max(9).int() })
  expect(errorsOf('json', schema, { price: 1e300 })).toEqual([{ pointer: '/price', detail: 'At most 9.' }])
})

test.each([z.string(), z.enum(['1', '2'])])('a query parameter that is repeated is told so: %#', (schema) => {
  expect(errorsOf('query', z.object({ limit: schema }), { limit: ['1', '2'] })).toEqual([
    { parameter: 'limit', detail: 'Given more than once.' },
  ])
})
