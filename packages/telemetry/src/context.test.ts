import { trace } from '@opentelemetry/api'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inside } from '../test/inside.ts'
import { activeTraceParent, continueTrace, traceHeaders } from './context.ts'
import { drawTraces } from './recorded-span.ts'
import { type Recording, recordSpans } from './recording.ts'

let recording: Recording
beforeEach(() => {
  recording = recordSpans()
})
afterEach(() => recording.stop())

/** What a request would write into the outbox. */
async function parentOf(name: string): Promise<string> {
  const parent = await inside(name, async () => activeTraceParent())
  if (parent === undefined) throw new Error('a recorded span has no traceparent')
  return parent
}

const nothing = async (): Promise<void> => undefined

test('what is continued from one parent is its child', async () => {
  const parent = await parentOf('change')
  await continueTrace([parent, parent], 'relay', { rows: 2 }, async (note) => note({ tags: 3 }))
  expect(drawTraces(recording.spans())).toBe('change\n  relay')
  expect(recording.spans()[1]).toMatchObject({ kind: 'internal', links: [], attributes: { rows: 2, tags: 3 } })
})

test('what is continued from two spans of one trace is a child of the first, with a link to the second', async () => {
  const [one, two] = await inside('request', async () => [await parentOf('first'), await parentOf('second')])
  await continueTrace([one, two], 'relay', {}, nothing)
  expect(drawTraces(recording.spans())).toBe('request\n  first\n    relay ~ second\n  second')
})

test('what is continued from several traces is a root with a link to each', async () => {
  const parents = [await parentOf('one'), await parentOf('two')]
  await continueTrace(parents, 'relay', {}, nothing)
  expect(drawTraces(recording.spans())).toBe('one\ntwo\nrelay ~ one ~ two')
})

test('what several kept traces lead to is kept, however few traces are', async () => {
  const parents = [await parentOf('one'), await parentOf('two')]
  await recording.stop()
  recording = recordSpans({ sampleRatio: 0 })
  await continueTrace(parents, 'relay', {}, () => inside('invalidate', nothing))
  await continueTrace([null], 'relay of nobody', {}, nothing)
  expect(drawTraces(recording.spans())).toBe('relay ~ ? ~ ?\n  invalidate')
})

test('what belongs to no trace is not added to the trace of what came with it', async () => {
  await continueTrace([await parentOf('change'), null], 'relay', {}, nothing)
  expect(drawTraces(recording.spans())).toBe('change\nrelay ~ change')
})

test.each([[[]], [[null]], [['nonsense']]])(
  'what has the parents %j begins a trace, whatever is active',
  async (parents) => {
    await inside('something else', () => continueTrace(parents, 'relay', {}, nothing))
    expect(drawTraces(recording.spans())).toBe('something else\nrelay')
  },
)

test('a thousand traces make a hundred links', async () => {
  const parents = Array.from({ length: 1_000 }, (_, i) => `00-${`${i + 1}`.padStart(32, '0')}-00000000000000ff-01`)
  await continueTrace(parents, 'relay', {}, nothing)
  expect(recording.spans()[0]?.links).toHaveLength(100)
})

test('the span is the active one while it runs, also for what is traced further down', async () => {
  await continueTrace([], 'relay', {}, () => inside('invalidate', nothing))
  expect(drawTraces(recording.spans())).toBe('relay\n  invalidate')
})

test('a failure is passed on, and recorded by its type without its message', async () => {
  const failure = new RangeError('card 4111 1111 1111 1111')
  await expect(continueTrace([], 'relay', {}, () => Promise.reject(failure))).rejects.toBe(failure)
  expect(recording.spans()).toMatchObject([{ failed: true, attributes: { 'error.type': 'RangeError' } }])
  expect(JSON.stringify(recording.spans())).not.toContain('4111')
})

test('what nobody records has no traceparent to give away', async () => {
  expect(activeTraceParent()).toBeUndefined()
  expect(traceHeaders()).toEqual({})
  await recording.stop()
  recording = recordSpans({ sampleRatio: 0 })
  expect(await inside('change', async () => activeTraceParent())).toBeUndefined()
})

test('a request that is sent with the headers of a span belongs to its trace', async () => {
  const headers = await inside('audit', async () => traceHeaders())
  expect(headers).toEqual({ traceparent: `00-${recording.spans()[0]?.traceId}-${recording.spans()[0]?.spanId}-01` })
})

test('a parent that is not sampled is followed', async () => {
  const unsampled = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'
  await continueTrace([unsampled], 'relay', {}, () => inside('invalidate', nothing))
  expect(recording.spans()).toEqual([])
})

test('while tracing is off the work runs, with nothing around it', async () => {
  await recording.stop()
  const seen = await continueTrace([null], 'relay', {}, async (note) => {
    note({ rows: 1 })
    return trace.getActiveSpan()
  })
  expect(seen).toBeUndefined()
})
