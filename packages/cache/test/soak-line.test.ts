/** The soak's line to Redis: what it holds back stays back, and nobody is told. */

import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { now } from '../soak/instant.ts'
import { Line } from '../soak/line.ts'
import { Silence } from '../soak/silence.ts'
import { until } from './world.ts'

/** Long enough that what is not held has come through. */
const A_WHILE_MS = 100
const SILENCE_MS = 500

let redis: Server
let line: Line
/** What has reached the server, of all connections. */
let arrived: string
const members: Member[] = []

/** One connection of a process, and what it has heard on it. */
class Member {
  readonly socket: Socket
  heard = ''
  ended = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.heard += text
    })
    socket
      .on('error', () => undefined)
      .on('close', () => {
        this.ended = true
      })
  }

  async ask(text: string): Promise<void> {
    this.socket.write(text)
    await until(`${text} answered`, () => this.heard.endsWith(`<${text}>`))
  }
}

async function open(): Promise<Member> {
  const socket = connect(Number(new URL(line.url).port), '127.0.0.1')
  await once(socket, 'connect')
  const member = new Member(socket)
  members.push(member)
  return member
}

beforeEach(async () => {
  arrived = ''
  // It answers each text with the text in angle brackets.
  redis = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.setEncoding('utf8').on('data', (text: string) => {
      arrived += text
      socket.write(`<${text}>`)
    })
  })
  redis.listen(0, '127.0.0.1')
  await once(redis, 'listening')
  const address = redis.address()
  line = new Line(typeof address === 'object' && address ? address.port : 0, new Silence(SILENCE_MS, now()))
  await line.open()
})

afterEach(async () => {
  for (const { socket } of members.splice(0)) socket.destroy()
  await line.close()
  redis.close()
})

test('what is said comes through, both ways', async () => {
  const member = await open()
  await member.ask('GET 1')
  await member.ask('GET 2')
  expect(member.heard).toBe('<GET 1><GET 2>')
})

test('while the way to Redis is held nothing arrives there, and everything once it is let go', async () => {
  const member = await open()
  await member.ask('GET 1')
  const letGo = line.hold({ direction: 'to Redis' })
  member.socket.write('GET 2')
  await pause(A_WHILE_MS)
  expect(arrived).toBe('GET 1')
  letGo('flow on')
  await until('answered', () => member.heard === '<GET 1><GET 2>')
})

test('while the way from Redis is held what was asked is done, and nobody hears of it', async () => {
  const member = await open()
  await member.ask('GET 1')
  const letGo = line.hold({ direction: 'from Redis' })
  member.socket.write('SET 2')
  await until('done', () => arrived === 'GET 1SET 2')
  await pause(A_WHILE_MS)
  expect(member.heard).toBe('<GET 1>')
  letGo('flow on')
  await until('heard', () => member.heard === '<GET 1><SET 2>')
})

test('a hold gives no sign: no end, and none for the server when the process goes away', async () => {
  const member = await open()
  await member.ask('GET 1')
  const letGo = line.hold({})
  member.socket.write('GET 2')
  await pause(A_WHILE_MS)
  expect(member.ended).toBe(false)
  member.socket.destroy()
  await pause(A_WHILE_MS)
  const left = await new Promise<number>((resolve) => redis.getConnections((_error, count) => resolve(count)))
  expect(left).toBe(1)
  letGo('flow on')
  await until('gone', () => new Promise((resolve) => redis.getConnections((_error, count) => resolve(count === 0))))
})

test('a connection that is made while all is held is made, and says nothing', async () => {
  const letGo = line.hold({})
  const member = await open()
  member.socket.write('GET 1')
  await pause(A_WHILE_MS)
  expect([member.heard, arrived]).toEqual(['', ''])
  letGo('flow on')
  await until('answered', () => member.heard === '<GET 1>')
})

test('a hold takes in no more than the buffers of the system', async () => {
  const member = await open()
  await member.ask('GET 1')
  const letGo = line.hold({})
  member.socket.write(Buffer.alloc(32 * 1_048_576))
  await pause(10 * A_WHILE_MS)
  expect(member.socket.writableLength).toBeGreaterThan(0)
  letGo('break')
})

test('a hold of one kind of connection leaves the other alone', async () => {
  const [commands, bus] = [await open(), await open()]
  await commands.ask('EVALSHA 1')
  await bus.ask('SUBSCRIBE 1')
  const letGo = line.hold({ role: 'bus' })
  await commands.ask('GET 2')
  bus.socket.write('PING')
  await pause(A_WHILE_MS)
  expect(bus.heard).toBe('<SUBSCRIBE 1>')
  letGo('break')
  await until('broken', () => bus.ended)
  await commands.ask('GET 3')
})

test('a cut breaks the connections of its kind', async () => {
  const [commands, bus] = [await open(), await open()]
  await commands.ask('EVALSHA 1')
  await bus.ask('SUBSCRIBE 1')
  line.cut('bus')
  await until('broken', () => bus.ended)
  await commands.ask('GET 2')
  line.cut()
  await until('broken', () => commands.ended)
})

test('a slow line takes so much longer each way, and keeps the order', async () => {
  const member = await open()
  line.slow(60)
  const startedAt = now()
  member.socket.write('GET 1')
  await until('answered', () => member.heard === '<GET 1>')
  expect(now() - startedAt).toBeGreaterThan(119)
  member.socket.write('GET 2')
  await pause(10)
  line.slow(0)
  member.socket.write('GET 3')
  await until('arrived', () => arrived === 'GET 1GET 2GET 3')
})

test('the silence of a process begins with the last byte that was handed to it', async () => {
  const member = await open()
  await member.ask('GET 1')
  expect(line.silence.since(now())).toBeUndefined()
  const letGo = line.hold({ direction: 'from Redis' })
  const heldAt = now()
  member.socket.write('GET 2')
  await pause(2 * SILENCE_MS)
  expect(line.silence.since(now())).toBeLessThan(heldAt)
  letGo('flow on')
  await until('heard', () => member.heard.endsWith('<GET 2>'))
  expect(line.silence.since(now())).toBeUndefined()
})
