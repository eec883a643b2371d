/**
 * Ports on the loopback address that nothing listens on.
 *
 * A port that was free a moment ago may be taken by the time a server binds it. Whoever asks for "any" port therefore
 * tries again when the bind fails; whoever names a port wants to hear about it.
 */

import { connect, createServer } from 'node:net'

import { LocalStackError } from './errors.ts'

/** How many ports above the preferred one are tried before the system may choose. */
const WINDOW = 100
const ATTEMPTS = 5

/**
 * A free port: the preferred one, else the next free one above it. Without a preference (or with 0) the system chooses.
 */
export async function freePort(preferred = 0): Promise<number> {
  if (preferred === 0) return bindable(0)
  for (let port = preferred; port < Math.min(preferred + WINDOW, 65_536); port++) {
    if (await isFree(port)) return port
  }
  return bindable(0)
}

/** Whether a server could listen on this port of the loopback address. */
export async function isFree(port: number): Promise<boolean> {
  // A bind alone is not enough: some systems let 127.0.0.1 be bound beside a listener on every address.
  if (await answers(port)) return false
  return bindable(port).then(
    () => true,
    () => false,
  )
}

/**
 * Starts a server on the named port, or, without one (or with 0), on a free one. Between the choice and the bind somebody
 * else may take a chosen port: then the next is tried. A named port that is taken is the caller's to know.
 */
export async function onPort<T>(named: number | undefined, start: (port: number) => Promise<T>): Promise<T> {
  if (named) return start(named)
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort())
    } catch (error) {
      const lost = error instanceof LocalStackError && error.code === 'PORT_TAKEN'
      if (!lost || attempt === ATTEMPTS) throw error
    }
  }
}

/** Whether a server's output says that it could not have its port. */
export function bindFailed(output: string): boolean {
  return output.includes('Address already in use')
}

function bindable(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address()
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

/** Whether something accepts connections there. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const end = (result: boolean) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(1_000, () => end(false))
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}
