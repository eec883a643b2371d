import { expect, test } from 'vitest'

import { findRedis, isAtLeast, type Machine, redisCure } from './redis-search.mjs'

const DEBIAN = 'ID=debian\nVERSION_ID="12"\n'
const UBUNTU = 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n'
const FEDORA = 'ID=fedora\nVERSION_ID=42\n'
const ROCKY_9 = 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n'
const ROCKY_10 = 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="10.0"\n'

/** A machine on which exactly these commands exist, with what they print (`undefined`: they fail or hang). */
function machine(commands: Record<string, string | undefined>, other: Partial<Machine> = {}): Machine {
  return {
    env: {},
    platform: 'linux',
    isRoot: false,
    osRelease: () => '',
    has: (command) => command in commands,
    run: async (command) => commands[command],
    ...other,
  }
}

const REDIS_7 = 'Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1'
const REDIS_6 = 'Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=1'
const VALKEY_8 = 'Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1'
const EVERYTHING = { 'redis-server': REDIS_7, 'valkey-server': VALKEY_8, docker: '28.2.2\n', 'apt-get': '' }

test('REDIS_URL comes before everything else', async () => {
  const env = { REDIS_URL: 'redis://elsewhere:6379' }
  const found = await findRedis(machine(EVERYTHING, { env, isRoot: true, osRelease: () => DEBIAN }))
  expect(found).toEqual({ type: 'url', url: 'redis://elsewhere:6379' })
})

test('an empty REDIS_URL is none', async () => {
  expect(await findRedis(machine(EVERYTHING, { env: { REDIS_URL: '' } }))).toMatchObject({ type: 'path' })
})

test('redis-server on the PATH comes before valkey-server', async () => {
  expect(await findRedis(machine(EVERYTHING))).toEqual({ type: 'path', command: 'redis-server', version: '7.0.15' })
})

test('a redis-server that is too old is passed over for valkey-server', async () => {
  const found = await findRedis(machine({ 'redis-server': REDIS_6, 'valkey-server': VALKEY_8 }))
  expect(found).toEqual({ type: 'path', command: 'valkey-server', version: '8.0.1' })
})

test('a server comes before Docker, Docker before an installation', async () => {
  const root = { isRoot: true, osRelease: () => DEBIAN }
  const { 'redis-server': _, 'valkey-server': __, ...rest } = EVERYTHING
  expect(await findRedis(machine(rest, root))).toEqual({ type: 'docker', image: 'redis:8-bookworm' })
  expect(await findRedis(machine({ 'apt-get': '' }, root))).toEqual({ type: 'apt' })
})

test('a Docker engine that does not answer in time is none', async () => {
  expect(await findRedis(machine({ docker: undefined }))).toMatchObject({ type: 'none' })
})

test.each([
  ['an ordinary user', false, DEBIAN, 'none'],
  ['root on Ubuntu', true, UBUNTU, 'apt'],
  ['root on a system that only has apt-get', true, FEDORA, 'none'],
])('%s: installing with apt', async (_who, isRoot, release, type) => {
  const found = await findRedis(machine({ 'apt-get': '' }, { isRoot, osRelease: () => release }))
  expect(found.type).toBe(type)
})

test('a distribution whose Redis is too old is not asked to install it again', async () => {
  const old = machine({ 'apt-get': '', 'redis-server': REDIS_6 }, { isRoot: true, osRelease: () => UBUNTU })
  const found = await findRedis(old)
  expect(found).toMatchObject({ type: 'none', cure: expect.stringContaining('7.0 or newer') })
})

test.each([
  ['macOS', machine({}, { platform: 'darwin' }), 'brew install redis'],
  ['Debian', machine({ 'apt-get': '' }, { osRelease: () => DEBIAN }), 'sudo apt-get install -y redis-server'],
  ['Debian, root', machine({ 'apt-get': '' }, { isRoot: true }), 'apt-get install -y redis-server'],
  ['Fedora', machine({ dnf: '' }, { osRelease: () => FEDORA }), 'sudo dnf install -y valkey'],
  ['Rocky 9', machine({ dnf: '' }, { osRelease: () => ROCKY_9 }), 'sudo dnf module install -y redis:7'],
  ['Rocky 10', machine({ dnf: '' }, { osRelease: () => ROCKY_10 }), 'sudo dnf install -y valkey'],
  ['Alpine, root', machine({ apk: '' }, { isRoot: true }), 'apk add redis'],
  ['Arch', machine({ pacman: '' }), 'sudo pacman -S --noconfirm valkey'],
  ['openSUSE', machine({ zypper: '' }), 'sudo zypper install -y redis'],
])('%s: the cure is one command', (_name, system, command) => {
  expect(redisCure(system)).toBe(command)
})

test('an unknown system is told what is needed', () => {
  expect(redisCure(machine({}))).toContain('Redis or Valkey 7.0 or newer')
})

test.each([
  ['7.0.15', true],
  ['7.0.0', true],
  ['6.9.9', false],
  ['8.0.1', true],
  ['10.0.0', true],
])('%s is at least 7.0: %s', (version, expected) => {
  expect(isAtLeast(version, '7.0')).toBe(expected)
})
