/** The installation of Redis, with an `apt-get` of the test's own: what it leaves behind, however it ends. */

import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { removeLeftPolicy, type TemporaryDirectory, temporaryDirectory } from '../src/index.ts'
import { until } from '../src/processes.ts'

let directory: TemporaryDirectory
let policy: string
let bin: string
const file = (name: string) => join(directory.path, name)

beforeAll(async () => {
  directory = await temporaryDirectory('install')
  policy = file('policy-rc.d')
  bin = file('bin')
  mkdirSync(bin)
  program('apt-cache', 'echo "  Candidate: 5:7.0.15-1~deb12u7"')
  program('apt-get', `touch ${file('begun')}; while [ ! -e ${file('go')} ]; do sleep 0.02; done; echo set up >&2`)
  for (const name of ['systemctl', 'service', 'update-rc.d']) program(name, `echo ${name} "$@" >> ${file('calls')}`)
})
beforeEach(() => {
  for (const name of ['begun', 'go', 'calls', 'policy-rc.d']) rmSync(file(name), { force: true })
})
afterAll(() => directory.remove())

function program(name: string, line: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${line}\n`)
  chmodSync(join(bin, name), 0o755)
}

/** Begins an installation and waits until apt-get runs in it. */
async function begin(): Promise<ChildProcess> {
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` }
  const child = fork(new URL('./installation.ts', import.meta.url), [policy], { execArgv: [], env })
  expect(await until(() => existsSync(file('begun')), 10_000)).toBe(true)
  return child
}

const calls = () => (existsSync(file('calls')) ? readFileSync(file('calls'), 'utf8') : '')

test('while the package is set up no service starts; after it the policy is gone and the service disabled', async () => {
  const child = await begin()
  expect(spawnSync(policy).status).toBe(101)
  writeFileSync(file('go'), '')
  expect(await once(child, 'message')).toEqual(['installed', undefined])
  expect(existsSync(policy)).toBe(false)
  expect(calls()).toMatch(/disable/)
})

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'after a %s the installation goes on to its end, then the policy is gone and the service disabled',
  async (name) => {
    const child = await begin()
    const exit = once(child, 'exit')
    child.kill(name)
    await exit
    expect(existsSync(policy)).toBe(true)
    removeLeftPolicy(policy)
    expect(existsSync(policy)).toBe(true) // It is no leftover: who made it is still at it.
    writeFileSync(file('go'), '')
    expect(await until(() => !existsSync(policy), 10_000)).toBe(true)
    expect(calls()).toMatch(/disable/)
  },
)

test('a policy of the administrator stays', async () => {
  writeFileSync(policy, '#!/bin/sh\nexit 101\n')
  const child = await begin()
  writeFileSync(file('go'), '')
  await once(child, 'message')
  removeLeftPolicy(policy)
  expect(readFileSync(policy, 'utf8')).toBe('#!/bin/sh\nexit 101\n')
})

test('a policy of ours whose maker is gone is removed', async () => {
  const child = await begin()
  const ours = readFileSync(policy, 'utf8')
  writeFileSync(file('go'), '')
  await once(child, 'message')
  writeFileSync(policy, ours)
  removeLeftPolicy(policy)
  expect(existsSync(policy)).toBe(false)
  removeLeftPolicy(policy)
})
