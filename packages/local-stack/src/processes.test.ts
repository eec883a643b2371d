import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { expect, test } from 'vitest'

import { commandOf, isProgram, markOf, parsePs, processesOf, signal, until } from './processes.ts'

test('the mark depends on the directory alone', () => {
  expect(markOf('/a')).toBe(markOf('/a'))
  expect(markOf('/a')).not.toBe(markOf('/b'))
  expect(markOf('/a')).toMatch(/^shop-[0-9a-f]{16}$/)
})

test.each([
  ['/x/native/bin/postgres -D /data -c cluster_name=shop-1', true, 'a server'],
  ['/home/Jo Doe/native/bin/postgres -D /data -c cluster_name=shop-1', true, 'a path with a space'],
  ['postgres: shop-1: checkpointer', true, 'a child of a server'],
  ['postgres -D /data -c cluster_name=shop-1', true, 'a name from the PATH'],
  ['grep -r shop-1 /x/postgres', false, 'a search for it'],
  ['vim /x/postgres/shop-1.log', false, 'an editor on its log'],
  ['/usr/bin/node /x/postgres-tool.js shop-1', false, 'a name that only begins alike'],
])('%s: %s (%s)', (command, expected, _what) => {
  expect(isProgram(command, ['postgres'])).toBe(expected)
})

test('the output of ps becomes entries', () => {
  expect(parsePs('    1 /sbin/launchd\n  512 redis-server 127.0.0.1:6379 shop-1\n\n')).toEqual([
    { pid: 1, command: '/sbin/launchd' },
    { pid: 512, command: 'redis-server 127.0.0.1:6379 shop-1' },
  ])
})

test('a running process has a command, an ended one has none, not even as a zombie', async () => {
  const child = spawn('sleep', ['60'])
  const pid = child.pid as number
  expect(commandOf(pid)).toContain('sleep')
  expect(processesOf(['sleep'], '60').map((entry) => entry.pid)).toContain(pid)
  const exit = once(child, 'exit')
  signal(pid, 'SIGKILL')
  expect(await until(() => commandOf(pid) === undefined, 5_000)).toBe(true)
  await exit
})

test('signalling a process that is gone is not an error', async () => {
  const child = spawn('true')
  await once(child, 'exit')
  signal(child.pid as number, 'SIGTERM')
})

test('waiting gives up when the time is up', async () => {
  expect(await until(() => false, 20)).toBe(false)
})
