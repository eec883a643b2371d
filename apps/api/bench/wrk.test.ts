import { expect, test } from 'vitest'

import { read } from './wrk.ts'

const OUTPUT = `Running 3s test @ http://127.0.0.1:3000/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   812.33us    1.02ms  31.90ms   97.01%
    Req/Sec    35.9k     2.1k    38.1k    70.00%
  Latency Distribution
     50%  700.00us
     75%    0.91ms
     90%    1.20ms
     99%    4.34ms
  107859 requests in 3.00s, 171.20MB read
Requests/sec:  35953.11
Transfer/sec:     57.07MB
`

test('what wrk says is read: how many, the rate, and latencies in milliseconds', () => {
  expect(read(OUTPUT)).toEqual({ requests: 107_859, requestsPerSecond: 35_953.11, p50: 0.7, p99: 4.34, failed: 0 })
})

test('failures of every kind are one number', () => {
  const failures = '  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 5\n'
  expect(read(OUTPUT.replace('Requests/sec', `${failures}Requests/sec`)).failed).toBe(15)
})

test('what is not the words of wrk is refused', () => {
  expect(() => read('unable to connect')).toThrow(/something else than usual/)
})
