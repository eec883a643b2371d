/**
 * A line from one member to Redis: a TCP proxy that can be held, slowed and cut.
 *
 *     member ══ connection "commands" ══▶ line ══▶ Redis
 *            ══ connection "bus" ════════▶
 *
 * A held direction is a black hole: what comes in is not read any more, nobody gets a FIN, and a peer that goes away is not
 * noticed. When it is let go, either everything flows on, however old, or the connections break.
 *
 * Which of the two connections one is shows in what the member asks for first; until then it counts as neither.
 */

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

import { now } from './instant.ts'
import type { Silence } from './silence.ts'

export type Role = 'commands' | 'bus'
export type Direction = 'to Redis' | 'from Redis'

/** What is held: of which connections, and which way; everything that is not said. */
export interface Hold {
  readonly role?: Role | undefined
  readonly direction?: Direction | undefined
}

export class Line {
  readonly #server: Server
  readonly #redisPort: number
  readonly #connections = new Set<Connection>()
  readonly #holds = new Set<Hold>()
  #delayMs = 0
  /** Told of every byte for the member. */
  silence: Silence

  constructor(redisPort: number, silence: Silence) {
    this.#redisPort = redisPort
    this.silence = silence
    this.#server = createServer({ noDelay: true }, (member) => this.#accept(member))
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', resolve)
    })
  }

  /** Where the member finds Redis. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `redis://127.0.0.1:${port}`
  }

  /** Returns how to let go again. */
  hold(hold: Hold): (end: 'flow on' | 'break') => void {
    this.#holds.add(hold)
    return (end) => {
      if (!this.#holds.delete(hold)) return
      for (const connection of this.#connections) {
        if (end === 'break' && concerns(hold, connection.role)) connection.destroy()
        else connection.flowOn()
      }
    }
  }

  /** Everything takes so much longer, each way; 0 for no longer. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs
    for (const connection of this.#connections) connection.flowOn()
  }

  /** Breaks the connections of this role; all when none is named. */
  cut(role?: Role): void {
    for (const connection of this.#connections) if (concerns({ role }, connection.role)) connection.destroy()
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #accept(member: Socket): void {
    const connection: Connection = new Connection(member, connect(this.#redisPort, '127.0.0.1'), {
      isHeld: (direction) => [...this.#holds].some((hold) => concerns(hold, connection.role, direction)),
      delayMs: () => this.#delayMs,
      silence: () => this.silence,
      onEnd: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
    connection.flowOn()
  }
}

function concerns(hold: Hold, role: Role | undefined, direction = hold.direction): boolean {
  if (hold.role !== undefined && hold.role !== role) return false
  return hold.direction === undefined || hold.direction === direction
}

interface Weather {
  readonly isHeld: (direction: Direction) => boolean
  readonly delayMs: () => number
  readonly silence: () => Silence
  readonly onEnd: () => void
}

class Connection {
  role: Role | undefined
  readonly #ways: readonly Way[]
  readonly #onEnd: () => void

  constructor(member: Socket, redis: Socket, weather: Weather) {
    this.#onEnd = weather.onEnd
    // The silence of the process that has this connection: a later one of the same line has another.
    const silence = weather.silence()
    const hand = (chunk: Buffer): void => {
      silence.begin(now())
      member.write(chunk, () => silence.end(now()))
    }
    const ask = (chunk: Buffer): void => {
      this.role ??= roleIn(chunk)
      redis.write(chunk)
    }
    this.#ways = [
      new Way(
        member,
        ask,
        () => weather.isHeld('to Redis'),
        weather.delayMs,
        () => this.destroy(),
      ),
      new Way(
        redis,
        hand,
        () => weather.isHeld('from Redis'),
        weather.delayMs,
        () => this.destroy(),
      ),
    ]
    for (const socket of [member, redis]) {
      socket.setNoDelay(true)
      socket.on('error', () => undefined) // 'close' follows.
    }
  }

  flowOn(): void {
    for (const way of this.#ways) way.flowOn()
  }

  destroy(): void {
    for (const way of this.#ways) way.destroy()
    this.#onEnd()
  }
}

function roleIn(chunk: Buffer): Role | undefined {
  const said = chunk.toString('latin1').toLowerCase()
  if (said.includes('subscribe')) return 'bus'
  return said.includes('eval') ? 'commands' : undefined
}

/** One direction of a connection. */
class Way {
  readonly #from: Socket
  readonly #hand: (chunk: Buffer) => void
  readonly #isHeld: () => boolean
  readonly #delayMs: () => number
  readonly #onGone: () => void
  #queue: { readonly chunk: Buffer; readonly dueAt: number }[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(
    from: Socket,
    hand: (chunk: Buffer) => void,
    isHeld: () => boolean,
    delayMs: () => number,
    onGone: () => void,
  ) {
    this.#from = from
    this.#hand = hand
    this.#isHeld = isHeld
    this.#delayMs = delayMs
    this.#onGone = onGone
    from.on('data', (chunk: Buffer) => {
      this.#queue.push({ chunk, dueAt: now() + this.#delayMs() })
      this.flowOn()
    })
    from.on('close', () => this.flowOn())
  }

  /** Hands over what is due, unless it is held; reads on if it is not. */
  flowOn(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isHeld()) {
      this.#from.pause()
      return
    }
    const at = now()
    while (this.#queue[0] && this.#queue[0].dueAt <= at) this.#hand((this.#queue.shift() as { chunk: Buffer }).chunk)
    const [next] = this.#queue
    if (next) this.#timer = setTimeout(() => this.flowOn(), Math.max(1, next.dueAt - at))
    // What it said before it went has been handed over.
    else if (this.#from.destroyed) this.#onGone()
    this.#from.resume()
  }

  destroy(): void {
    clearTimeout(this.#timer)
    this.#queue = []
    this.#from.destroy()
  }
}
