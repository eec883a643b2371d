import { DrizzleQueryError } from 'drizzle-orm'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { expect, test } from 'vitest'

import { RecordingLog } from '../../test/recording-log.ts'
import { answerFailure, chainOf } from './failure.ts'
import { productNotFound } from './problem.ts'

function coded(code: string, message = 'from below'): Error {
  return Object.assign(new Error(message), { code })
}

async function answerTo(error: Error) {
  const log = new RecordingLog()
  const app = new Hono()
  app.onError(answerFailure(log))
  app.get('/', () => {
    throw error
  })
  return { response: await app.request('/'), log }
}

test('a problem is answered as it is and is no line of its own in the log', async () => {
  const { response, log } = await answerTo(productNotFound())
  expect(response.status).toBe(404)
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  expect(log.lines).toEqual([])
})

test.each(['ECONNREFUSED', 'CONNECTION_CLOSED', '57P01', '53300', 'CACHE_LOAD_TIMEOUT', 'CACHE_LOAD_SHED'])(
  '%s is 503 with a time to try again, however deep it lies',
  async (code) => {
    const { response } = await answerTo(new Error('outer', { cause: new Error('middle', { cause: coded(code) }) }))
    expect(response.status).toBe(503)
    expect(response.headers.get('Retry-After')).toBe('1')
  },
)

test('anything else is 500, says nothing of its cause, and logs the whole chain', async () => {
  const { response, log } = await answerTo(new Error('outer', { cause: coded('42P01', 'relation does not exist') }))
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('relation')
  expect(log.lines).toHaveLength(1)
  expect(log.lines[0]?.fields.causes).toEqual([
    { type: 'Error', message: 'outer' },
    { type: 'Error', code: '42P01', message: 'relation does not exist' },
  ])
})

test('the log has no value of a failed statement', async () => {
  const failed = new DrizzleQueryError('update customers set email = $1', ['person@example.com'], coded('42P01'))
  expect(failed.message).toContain('person@example.com')
  const { log } = await answerTo(failed)
  expect(JSON.stringify(log.lines)).not.toContain('person@example.com')
})

test('a chain of causes that bites its tail ends', () => {
  const error = new Error('a')
  error.cause = error
  expect(chainOf(error)).toHaveLength(8)
})

test('an exception of Hono with a status of no problem of ours is a failure of ours', async () => {
  const { response } = await answerTo(new HTTPException(418))
  expect(response.status).toBe(500)
})
