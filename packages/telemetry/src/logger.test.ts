import { trace } from '@opentelemetry/api'
import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'
import { recordSpans } from './recording.ts'

function memory(): { lines(): Record<string, unknown>[]; write(text: string): void } {
  const written: string[] = []
  return { lines: () => written.map((line) => JSON.parse(line)), write: (text) => void written.push(text) }
}

test('a line is one JSON object with level, time, service and message', () => {
  const destination = memory()
  createLogger({ level: 'info', service: 'shop-api', destination }).info({ url: 'http://x' }, 'listening')
  const [line] = destination.lines()
  expect(line).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    service: 'shop-api',
    pid: process.pid,
    url: 'http://x',
    msg: 'listening',
  })
})

test('a line below the level is not written', () => {
  const destination = memory()
  createLogger({ level: 'warn', service: 'x', destination }).info('quiet')
  expect(destination.lines()).toEqual([])
})

test('a line written inside a span carries its ids, one outside carries none', async () => {
  const recording = recordSpans()
  const destination = memory()
  const log = createLogger({ level: 'info', service: 'x', destination })
  const ids = trace.getTracer('test').startActiveSpan('work', (span) => {
    log.info('inside')
    log.child({ request_id: 7 }).info('inside a child')
    span.end()
    return span.spanContext()
  })
  log.info('outside')
  await recording.stop()

  const [inside, child, outside] = destination.lines()
  expect(inside).toMatchObject({ trace_id: ids.traceId, span_id: ids.spanId })
  expect(child).toMatchObject({ trace_id: ids.traceId, span_id: ids.spanId, request_id: 7 })
  expect(outside).not.toHaveProperty('trace_id')
})
