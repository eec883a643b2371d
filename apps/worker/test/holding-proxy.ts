/**
 * A TCP proxy before a server, so that a test holds a process at one step: a command is kept from the server, or its answer
 * from the process, while every other connection goes on.
 *
 *     process ── commands ──▶ proxy ──▶ server
 *     process ◀── answers ─── proxy ◀── server
 */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** `command`: from the first part with the word on, nothing of the connection reaches the server. `answer`: its answer is lost. */
export type Held = 'command' | 'answer'

export class HoldingProxy {
  #url = ''
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #hold: { readonly word: string; readonly what: Held; readonly reached: () => void } | undefined

  private constructor(target: string) {
    this.#server = createServer((client) => {
      const server = connect(Number(new URL(target).port), '127.0.0.1')
      let held: Held | undefined
      for (const socket of [client, server]) {
        this.#sockets.add(socket.setNoDelay())
        socket.on('error', () => undefined) // 'close' follows.
      }
      client.on('close', () => server.destroy())
      server.on('close', () => client.destroy())
      client.on('data', (bytes) => {
        if (this.#hold && held === undefined && bytes.includes(this.#hold.word)) {
          held = this.#hold.what
          this.#hold.reached()
        }
        if (held !== 'command') server.write(bytes)
      })
      server.on('data', (bytes) => {
        if (held === undefined) client.write(bytes)
      })
    })
  }

  /** Listens on a port of its own, or on that of a proxy that was closed. */
  static async before(url: string, port = 0): Promise<HoldingProxy> {
    const proxy = new HoldingProxy(url)
    proxy.#server.listen(port, '127.0.0.1')
    await once(proxy.#server, 'listening')
    const own = new URL(url)
    own.port = String((proxy.#server.address() as AddressInfo).port)
    proxy.#url = own.href
    onTestFinished(() => proxy.close())
    return proxy
  }

  /** The address of the server, with the port of the proxy. */
  get url(): string {
    return this.#url
  }

  /** Holds every connection on which this word is sent from then on. Resolves when the first has been. */
  hold(word: string, what: Held): Promise<void> {
    return new Promise((reached) => {
      this.#hold = { word, what, reached }
    })
  }

  /** Cuts the connections and refuses new ones. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}
