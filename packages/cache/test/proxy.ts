/**
 * A TCP proxy before a Redis server, so that a test has in its hand what is on the way: held back, slowed, lost without
 * a word, cut at a command, or led to another server.
 *
 *     cache ── commands ──▶ proxy ──▶ server        a connection on which SUBSCRIBE was sent listens: it is the bus;
 *     cache ◀── answers ─── proxy ◀── server        every other carries commands
 */

import { connect, createServer, type Server, type Socket } from 'node:net'

import { SCRIPTS } from '../src/redis/index.ts'

export type Line = 'commands' | 'bus'

/** What is done with a command: it passes, or its connection is cut before it or after it, its answer lost. */
export type Fate = 'pass' | 'cut before' | 'cut after'

export class RedisProxy {
  /** New connections go to this port. */
  target: number
  /** Milliseconds by which each answer is late, in order. */
  delay = 0
  /** Asked for each command that is sent on a line of commands, by its name, or by the name of the script it runs. */
  fate: (name: string) => Fate = () => 'pass'
  readonly #server: Server
  readonly #connections = new Set<Connection>()

  private constructor(target: number) {
    this.target = target
    this.#server = createServer((client) => {
      const connection = new Connection(this, client)
      this.#connections.add(connection)
      client.once('close', () => this.#connections.delete(connection))
    })
  }

  static async before(url: string): Promise<RedisProxy> {
    const proxy = new RedisProxy(Number(new URL(url).port))
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    const address = this.#server.address()
    return `redis://127.0.0.1:${typeof address === 'object' ? address?.port : address}`
  }

  /** Answers stay on their way until `release`; commands go through. */
  hold(line: Line): void {
    for (const connection of this.#of(line)) connection.held ??= []
  }

  /** Parts of answers that are held. */
  held(line: Line): number {
    return this.#of(line).reduce((sum, { held }) => sum + (held?.length ?? 0), 0)
  }

  /** Whether this text is in what is held. */
  holds(line: Line, text: string): boolean {
    return this.#of(line).some(({ held }) => Buffer.concat(held ?? []).includes(text))
  }

  /** Delivers all that is held, and holds no more; or the first `count` parts, and goes on holding. */
  release(line: Line, count?: number): void {
    for (const connection of this.#of(line)) connection.release(count)
  }

  /** From now on nothing passes on the connections there are, either way, and neither end is told. New ones are well. */
  lose(line?: Line): void {
    for (const connection of this.#of(line)) connection.lost = true
  }

  /** Ends the connections there are. */
  cut(line?: Line): void {
    for (const connection of this.#of(line)) connection.end()
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #of(line: Line | undefined): Connection[] {
    return [...this.#connections].filter((connection) => line === undefined || connection.line === line)
  }
}

class Connection {
  line: Line = 'commands'
  lost = false
  /** Answers that are held back, in order. */
  held: Buffer[] | undefined
  readonly #proxy: RedisProxy
  readonly #client: Socket
  readonly #server: Socket
  #sent: Buffer = Buffer.alloc(0)
  #cutAtAnswer = false

  constructor(proxy: RedisProxy, client: Socket) {
    this.#proxy = proxy
    this.#client = client
    this.#server = connect(proxy.target, '127.0.0.1')
    client.setNoDelay()
    this.#server.setNoDelay()
    client.on('data', (bytes) => this.#command(bytes))
    this.#server.on('data', (bytes) => this.#answer(bytes))
    client.on('error', () => undefined) // 'close' follows.
    this.#server.on('error', () => undefined)
    client.on('close', () => this.#server.destroy())
    this.#server.on('close', () => {
      if (!this.lost) client.destroy()
    })
  }

  release(count?: number): void {
    const held = this.held ?? []
    const some = held.splice(0, count ?? held.length)
    if (count === undefined) this.held = undefined
    for (const bytes of some) this.#client.write(bytes)
  }

  end(): void {
    this.lost = false
    this.#client.destroy()
    this.#server.destroy()
  }

  #command(bytes: Buffer): void {
    if (this.lost) return
    this.#sent = Buffer.concat([this.#sent, bytes])
    for (;;) {
      const command = firstCommand(this.#sent)
      if (!command) return
      this.#sent = this.#sent.subarray(command.length)
      if (command.name === 'subscribe') this.line = 'bus'
      const fate = this.line === 'commands' ? this.#proxy.fate(command.name) : 'pass'
      if (fate === 'cut before') {
        this.end()
        return
      }
      if (fate === 'cut after') this.#cutAtAnswer = true
      this.#server.write(command.bytes)
    }
  }

  #answer(bytes: Buffer): void {
    if (this.lost) return
    if (this.#cutAtAnswer) this.end()
    else if (this.held) this.held.push(bytes)
    else if (this.#proxy.delay > 0) setTimeout(() => this.#client.write(bytes), this.#proxy.delay)
    else this.#client.write(bytes)
  }
}

interface SentCommand {
  readonly name: string
  readonly bytes: Buffer
  readonly length: number
}

/** The first whole command in these bytes, in the protocol of Redis: an array of strings, each with its length before it. */
function firstCommand(bytes: Buffer): SentCommand | undefined {
  const lineAt = (at: number): { value: number; next: number } | undefined => {
    const end = bytes.indexOf('\r\n', at)
    return end < 0 ? undefined : { value: Number(bytes.toString('latin1', at + 1, end)), next: end + 2 }
  }
  const count = lineAt(0)
  if (!count) return
  let at = count.next
  const words: string[] = []
  for (let i = 0; i < count.value; i++) {
    const size = lineAt(at)
    if (!size || bytes.length < size.next + size.value + 2) return
    if (i < 2) words.push(bytes.toString('latin1', size.next, size.next + size.value))
    at = size.next + size.value + 2
  }
  const [command = '', first = ''] = words
  const script = SCRIPTS.find(({ sha, lua }) => first === sha || first === lua)
  return { name: script?.name ?? command.toLowerCase(), bytes: bytes.subarray(0, at), length: at }
}
