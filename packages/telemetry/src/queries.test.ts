import { context, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { traceQuery } from './queries.ts'
import { drawTraces } from './recorded-span.ts'
import { type Recording, recordSpans } from './recording.ts'

let recording: Recording
beforeEach(() => {
  recording = recordSpans()
})
afterEach(() => recording.stop())

function inside<T>(name: string, run: () => Promise<T>): Promise<T> {
  return trace.getTracer('test').startActiveSpan(name, async (span) => {
    try {
      return await run()
    } finally {
      span.end()
    }
  })
}

test('a statement is a CLIENT span under whoever asked for it', async () => {
  const statement = `select * from "products" where "name" = 'secret' and "id" = $1`
  const rows = await inside('request', () => traceQuery({ statement }, async () => [{ id: 1 }, { id: 2 }]))
  expect(rows).toHaveLength(2)
  expect(drawTraces(recording.spans())).toBe('request\n  SELECT products')
  expect(recording.spans()[1]).toMatchObject({
    kind: 'client',
    failed: false,
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': 'SELECT',
      'db.collection.name': 'products',
      'db.query.summary': 'SELECT products',
      'db.query.text': 'select * from "products" where "name" = ? and "id" = $1',
      'db.response.returned_rows': 2,
    },
  })
})

test('a statement nobody traced asked for has no span', async () => {
  await traceQuery({ statement: 'select 1' }, async () => [])
  expect(recording.spans()).toEqual([])
})

test('a statement that begins after its request has ended has no span', async () => {
  const late = await inside('request', async () =>
    context.bind(context.active(), () => traceQuery({ statement: 'select 1' }, async () => [])),
  )
  await late()
  expect(drawTraces(recording.spans())).toBe('request')
})

test('the statements of a transaction are below it', async () => {
  await inside('request', () =>
    traceQuery({ statement: 'begin' }, async () => {
      await traceQuery({ statement: 'update prices set amount = $1' }, async () => [])
      await traceQuery({ statement: 'select * from products' }, async () => [])
    }),
  )
  expect(drawTraces(recording.spans())).toBe('request\n  BEGIN\n    UPDATE prices\n    SELECT products')
})

test('a failed statement is an error by its SQLSTATE, without the values PostgreSQL quotes', async () => {
  const failure = Object.assign(new Error('Key (email)=(ann@example.org) already exists'), { code: '23505' })
  const run = (): Promise<never> => Promise.reject(failure)
  await expect(inside('request', () => traceQuery({ statement: 'insert into customers' }, run))).rejects.toBe(failure)
  const [, span] = recording.spans()
  expect(span).toMatchObject({
    failed: true,
    attributes: { 'db.response.status_code': '23505', 'error.type': '23505' },
  })
  expect(JSON.stringify(span)).not.toContain('ann@')
})

test('a hook that is off hands the very promise through', async () => {
  await recording.stop()
  const promise = Promise.resolve([])
  expect(traceQuery({ statement: 'select 1' }, () => promise)).toBe(promise)
})
