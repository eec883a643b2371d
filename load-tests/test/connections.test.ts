import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, expect, test } from 'vitest'

import { connectionsTo, fromNetstat, fromProc } from '../src/connections.ts'
import { until } from '../src/waiting.ts'

const PROC = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:0BB8 0100007F:D1F2 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: 0100007F:0BB8 0100007F:D1F3 01 00000000:00000052 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1
   3: 0100007F:D1F2 0100007F:0BB8 01 00000000:00000000 00:00000000 00000000     0        0 4 1 0 20 4 30 10 -1
   4: 0100007F:0BB8 0100007F:D1F4 06 00000000:00000000 03:00000FFF 00000000     0        0 0 3 0
   5: 0100007F:0BB9 0100007F:D1F5 01 00000000:00000000 00:00000000 00000000     0        0 5 1 0 20 4 30 10 -1
`

const NETSTAT = `Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)
tcp4       0      0  127.0.0.1.3000         127.0.0.1.53746        ESTABLISHED
tcp4      82      0  127.0.0.1.3000         127.0.0.1.53747        ESTABLISHED
tcp4       0      0  127.0.0.1.53746        127.0.0.1.3000         ESTABLISHED
tcp4       0      0  127.0.0.1.3000         127.0.0.1.53748        TIME_WAIT
tcp4       0      0  127.0.0.1.3000         *.*                    LISTEN
tcp4       0      0  127.0.0.1.3001         127.0.0.1.53749        ESTABLISHED
`

describe.each([
  ['/proc/net/tcp', fromProc, PROC],
  ['netstat of macOS', fromNetstat, NETSTAT],
])('%s', (_, read, table) => {
  test('the side of the server counts, and only while the connection stands', () => {
    expect(read(table, [3000])).toEqual({ established: 2, unread: 1 })
  })

  test('several ports are added up', () => {
    expect(read(table, [3000, 3001])).toEqual({ established: 3, unread: 1 })
  })

  test('a port that nobody uses has none', () => {
    expect(read(table, [3002])).toEqual({ established: 0, unread: 0 })
  })
})

test.runIf(process.platform === 'linux' || process.platform === 'darwin')(
  'bytes that the server does not read are seen from outside',
  async () => {
    // Nobody listens for data, so nothing is read.
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const [first, second] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    await Promise.all([once(first, 'connect'), once(second, 'connect')])
    first.write('GET / HTTP/1.1\r\n')

    const isSeen = async (): Promise<boolean> => {
      const seen = await connectionsTo([port])
      return seen?.established === 2 && seen.unread === 1
    }
    expect(await until(isSeen, { limitMs: 5_000, signal: AbortSignal.timeout(10_000) })).toBe(true)
    for (const socket of [first, second]) socket.destroy()
    server.close()
  },
)
