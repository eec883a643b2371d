/**
 * The client of `telemetry-cost.ts`: asks for one address as often as it is told, over sixteen connections that it keeps.
 * It reads no more of an answer than its length, to leave the processor to the API.
 */

import { connect, type Socket } from 'node:net'

const CONNECTIONS = 16

interface Task {
  readonly url: string
  readonly requests: number
}

process.on('message', ({ url, requests }: Task) => {
  ask(new URL(url), requests).then(
    () => process.send?.('done'),
    (error: unknown) => {
      throw error
    },
  )
})

async function ask({ hostname, port, host, pathname }: URL, requests: number): Promise<void> {
  const request = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nAccept: application/json\r\n\r\n`
  let left = requests
  const one = (socket: Socket): Promise<void> =>
    new Promise((resolve, reject) => {
      let text = ''
      const next = () => {
        if (left-- > 0) socket.write(request)
        else socket.end(resolve)
      }
      socket.on('error', reject)
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        const head = text.indexOf('\r\n\r\n')
        if (head < 0) return
        if (!text.startsWith('HTTP/1.1 200')) return reject(new Error(`Answered ${text.slice(0, 40)}`))
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1])
        if (text.length < head + 4 + length) return
        text = ''
        next()
      })
      next()
    })
  await Promise.all(Array.from({ length: CONNECTIONS }, () => one(connect(Number(port), hostname).setNoDelay())))
}
