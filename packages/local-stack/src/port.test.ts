import { createServer, type Server } from 'node:net'

import { afterEach, expect, test } from 'vitest'

import { LocalStackError, portTaken } from './errors.ts'
import { freePort, isFree, onPort } from './port.ts'

const listeners: Server[] = []

function listen(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    listeners.push(server)
    server.once('error', reject)
    server.listen(port, host, () => resolve((server.address() as { port: number }).port))
  })
}

afterEach(async () => {
  await Promise.all(listeners.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

test('a preferred port that is free is the answer', async () => {
  const port = await freePort()
  expect(await freePort(port)).toBe(port)
})

test('a taken port moves to the next free one', async () => {
  const taken = await listen(0, '127.0.0.1')
  const port = await freePort(taken)
  expect(port).toBeGreaterThan(taken)
  expect(await isFree(port)).toBe(true)
})

test('a port on which somebody listens on every address is taken', async () => {
  const taken = await listen(0, '0.0.0.0')
  expect(await isFree(taken)).toBe(false)
})

test('the search ends at the last port there is', async () => {
  expect(await freePort(65_535)).toBeGreaterThan(0)
})

test('a chosen port that is lost before the bind is chosen again', async () => {
  const tried: number[] = []
  const result = await onPort(0, async (port) => {
    tried.push(port)
    if (tried.length < 3) throw portTaken('Redis', port)
    return port
  })
  expect(tried).toHaveLength(3)
  expect(result).toBe(tried[2])
})

test('a named port is tried once', async () => {
  let tries = 0
  const start = onPort(4_711, async (port) => {
    tries++
    throw portTaken('Redis', port)
  })
  await expect(start).rejects.toThrow(LocalStackError)
  expect(tries).toBe(1)
})

test('any other failure is not tried again', async () => {
  let tries = 0
  const start = onPort(0, async () => {
    tries++
    throw new Error('no memory')
  })
  await expect(start).rejects.toThrow('no memory')
  expect(tries).toBe(1)
})
