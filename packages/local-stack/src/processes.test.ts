import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { expect, test } from 'vitest'

import { commandOf, markOf, parseCommandLine, parsePs, processesOf, signal, until } from './processes.ts'

test('the mark depends on the directory alone', () => {
  expect(markOf('/a')).toBe(markOf('/a'))
  expect(markOf('/a')).not.toBe(markOf('/b'))
  expect(markOf('/a')).toMatch(/^shop-[0-9a-f]{16}$/)
})

test.each([
  ['/x/native/bin/postgres\0-D\0/data\0-c\0cluster_name=shop-1\0', 'postgres', 'a server'],
  ['/home/Jo Doe/native/bin/postgres\0-D\0/data\0', 'postgres', 'a path with a space'],
  ['postgres: shop-1: checkpointer \0\0\0', 'postgres', 'a child of a server'],
  ['redis-server 127.0.0.1:6379 shop-1\0\0', 'redis-server', 'a title'],
  ['node\0/x/main.ts\0shop-1\0', 'node', 'a name from the PATH'],
  ['grep\0-r\0shop-1\0/x/postgres\0', 'grep', 'a search for it'],
])('%j is %s (%s)', (commandLine, program, _what) => {
  expect(parseCommandLine(7, commandLine).program).toBe(program)
})

test('the arguments of a command line become words', () => {
  expect(parseCommandLine(7, 'node\0a b\0c\0').command).toBe('node a b c')
})

test('two listings of ps become entries; a process that is in one only has ended meanwhile', () => {
  const executables = '    1 /sbin/launchd\n  512 /opt/home brew/bin/redis-server\n  513 /bin/ps\n'
  const commands = '    1 /sbin/launchd\n  512 redis-server 127.0.0.1:6379 shop-1\n  514 /bin/ps -A\n\n'
  expect(parsePs(executables, commands)).toEqual([
    { pid: 1, program: 'launchd', command: '/sbin/launchd' },
    { pid: 512, program: 'redis-server', command: 'redis-server 127.0.0.1:6379 shop-1' },
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
