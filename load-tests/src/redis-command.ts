/** One command to a Redis, on a connection of its own: for what a drill does to it. */

import { connect } from 'node:net'

import { shopFailed } from './errors.ts'

const LIMIT_MS = 5_000

/** Words without blanks (the inline form of the protocol). Resolves to the reply as it came. Rejects when it is an error. */
export async function redisCommand(url: string, ...words: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect({ port: Number(port), host: hostname })
  socket.setTimeout(LIMIT_MS, () => socket.destroy(shopFailed(`has a Redis that does not answer ${words[0]}`)))
  // QUIT makes it close the connection when it has answered, which is the end of the reply.
  socket.write(`${words.join(' ')}\r\nQUIT\r\n`)
  let reply = ''
  for await (const chunk of socket.setEncoding('latin1')) reply += chunk
  if (reply.startsWith('-')) throw shopFailed(`has a Redis that refuses ${words[0]}: ${reply.slice(1).split('\r')[0]}`)
  return reply
}
