/** Redis commands in traces, on a real Redis and the real TracingChannels of ioredis. */

import { createHash } from 'node:crypto'
import { tracingChannel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, inject, onTestFinished, test } from 'vitest'
import { drawTraces } from '../src/recorded-span.ts'
import { type Recording, recordSpans } from '../src/recording.ts'
import { traceRedis } from '../src/redis.ts'
import { inside } from './inside.ts'

let recording: Recording
let untrace: () => void
beforeEach(() => {
  recording = recordSpans()
  untrace = traceRedis()
})
afterEach(async () => {
  untrace()
  await recording.stop()
})

async function connected({ enableAutoPipelining = false } = {}): Promise<Redis> {
  const redis = open({ enableAutoPipelining })
  await redis.connect()
  return redis
}

function open({ enableAutoPipelining = false } = {}): Redis {
  const redis = new Redis(inject('redisUrl'), { lazyConnect: true, disableClientInfo: true, enableAutoPipelining })
  onTestFinished(() => redis.disconnect())
  return redis
}

const traces = (): string => drawTraces(recording.spans())

test('a command is a CLIENT span under whoever sent it, two at once keep their own callers', async () => {
  const redis = await connected()
  await Promise.all([inside('first', () => redis.set('k', 'v')), inside('second', () => redis.get('k'))])
  expect(traces()).toBe('first\n  SET\nsecond\n  GET')
  expect(recording.spans().find(({ name }) => name === 'GET')).toMatchObject({
    kind: 'client',
    failed: false,
    attributes: {
      'db.system.name': 'redis',
      'db.operation.name': 'GET',
      'db.namespace': '0',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(inject('redisUrl')).port),
    },
  })
})

test('neither keys nor values nor the text of an error are recorded', async () => {
  const redis = await connected()
  await inside('work', async () => {
    await redis.set('key-secret', 'value-secret')
    await redis.get('key-secret')
    await redis.eval('return ARGV[1]', 1, 'key-secret', 'value-secret')
    await redis.lpush('key-secret', 'value-secret').catch(() => undefined)
    await redis.call('NOSUCH', 'value-secret').catch(() => undefined)
  })
  expect(recording.spans()).toHaveLength(6)
  expect(JSON.stringify(recording.spans())).not.toContain('secret')
})

test('a command that fails is an error by the first word of what Redis said', async () => {
  const redis = await connected()
  await redis.set('text', 'v')
  await inside('work', () => redis.lpush('text', 'x').catch(() => undefined))
  expect(traces()).toBe('work\n  LPUSH !')
  expect(recording.spans()[1]?.attributes).toMatchObject({
    'db.response.status_code': 'WRONGTYPE',
    'error.type': 'WRONGTYPE',
  })
})

test('a script goes by the name it was announced with, another one by the first digits of its digest', async () => {
  const redis = await connected()
  const [fill, other] = ['return 1', 'return 2']
  const sha = createHash('sha1').update(fill).digest('hex')
  untrace()
  untrace = traceRedis({ scripts: [{ name: 'fill', sha }] })
  await inside('work', async () => {
    await redis.eval(fill, 0)
    await redis.evalsha(sha, 0)
    await redis.eval(other, 0)
  })
  expect(traces()).toBe('work\n  EVAL fill\n  EVALSHA fill\n  EVAL 7f923f79')
  expect(recording.spans()[1]?.attributes).toMatchObject({ 'db.stored_procedure.name': 'fill' })
})

test('a script that Redis does not know yet is no failure', async () => {
  const redis = await connected()
  await redis.script('FLUSH')
  await inside('work', () => redis.evalsha('f'.repeat(40), 0).catch(() => undefined))
  expect(traces()).toBe('work\n  EVALSHA ffffffff')
  expect(recording.spans()[1]?.attributes['db.response.status_code']).toBe('NOSCRIPT')
})

test('what nobody asked for makes no trace: connecting, subscribing, probing, reconnecting', async () => {
  const subscriber = await connected()
  const publisher = await connected()
  await subscriber.subscribe('bus')
  const heard = once(subscriber, 'message')
  await publisher.publish('bus', 'probe')
  await heard
  const ready = once(subscriber, 'ready')
  subscriber.disconnect(true)
  await ready
  expect(recording.spans()).toEqual([])
})

test('a connection opened inside a request does not keep adding to its trace', async () => {
  const redis = open()
  await inside('request', () => redis.connect())
  recording.clear()
  const ready = once(redis, 'ready')
  redis.disconnect(true)
  await ready
  await redis.ping()
  expect(recording.spans()).toEqual([])
})

test('an unsampled request makes no spans for its commands', async () => {
  untrace()
  await recording.stop()
  recording = recordSpans({ sampleRatio: 0 })
  untrace = traceRedis()
  const redis = await connected()
  await inside('work', () => redis.ping())
  expect(recording.spans()).toEqual([])
})

test('an explicit pipeline and a transaction belong to the caller of exec', async () => {
  const redis = await connected()
  const pipeline = redis.pipeline().set('a', '1').get('a')
  await inside('pipeline', () => pipeline.exec())
  await inside('multi', () => redis.multi().incr('a').exec())
  expect(traces()).toBe('pipeline\n  SET\n  GET\nmulti\n  MULTI\n  INCR\n  EXEC')
})

test('a command queued before the connection is ready belongs to whoever opened it', async () => {
  const early = open()
  const opening = early.connect()
  await Promise.all([opening, inside('not the opener', () => early.get('k'))])
  const lazy = open()
  await inside('the opener', () => lazy.get('k'))
  expect(traces()).toBe('not the opener\nthe opener\n  HELLO\n  INFO\n  GET')
})

// tick 1   first: GET a ------- queued, schedules the write
//          second: GET b ------ queued
// tick 2   the write, in the context of `first`, publishes both
test('under auto-pipelining all commands of a tick go to the first caller', async () => {
  const redis = await connected({ enableAutoPipelining: true })
  await Promise.all([inside('first', () => redis.get('a')), inside('second', () => redis.get('b'))])
  expect(traces()).toBe('first\n  GET\n  GET\nsecond')
})

test('while tracing is off ioredis has no subscriber, and does not even prepare what it would publish', async () => {
  untrace()
  await recording.stop()
  const unsubscribe = traceRedis()
  expect(tracingChannel('ioredis:command').hasSubscribers).toBe(false)
  unsubscribe()
  recording = recordSpans()
})

test('once ended, commands are not traced any more', async () => {
  const redis = await connected()
  untrace()
  await inside('work', () => redis.ping())
  expect(traces()).toBe('work')
})
