import { z } from '@hono/zod-openapi'
import { expect, test } from 'vitest'

import { toRequestErrors } from './validation.ts'

function errorsOf(target: string, schema: z.ZodType, value: unknown) {
  return toRequestErrors(target, schema.safeParse(value).error?.issues ?? [])
}

test('a body field is named by a JSON pointer, however deep', () => {
  const schema = z.object({ lines: z.array(z.object({ 'a/b~c': z.number() })) })
  expect(errorsOf('json', schema, { lines: [{ 'a/b~c': 1 }, { 'a/b~c': 'x' }] })).toEqual([
    { pointer: '/lines/1/a~1b~0c', detail: expect.any(String) },
  ])
})

test('each unknown body field is an error of its own', () => {
  expect(errorsOf('json', z.strictObject({}), { a: 1, b: 2 })).toEqual([
    { pointer: '/a', detail: 'This route has no such field.' },
    { pointer: '/b', detail: 'This route has no such field.' },
  ])
})

test('a wrong body as a whole is the empty pointer', () => {
  expect(errorsOf('json', z.strictObject({}), [])).toEqual([{ pointer: '', detail: expect.any(String) }])
})

test('a query parameter is named by its name', () => {
  expect(errorsOf('query', z.strictObject({ limit: z.literal('1') }), { limit: '2', page: '1' })).toEqual([
    { parameter: 'limit', detail: expect.any(String) },
    { parameter: 'page', detail: 'This route has no such parameter.' },
  ])
})
