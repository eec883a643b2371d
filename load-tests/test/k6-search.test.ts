import { describe, expect, test } from 'vitest'

import { LoadTestError } from '../src/errors.ts'
import { findBinary, findContainer, findK6, K6_IMAGE, type Machine } from '../src/k6-search.ts'

const CACHED = '/home/u/.cache/shop/k6-1.8.1'
const K6 = 'k6 v1.8.1 (go1.26.8, linux/amd64)\n'
const GO = 'go version go1.26.8 linux/amd64\n'
const DOCKER = '29.0.1\n'

/** A machine on which exactly these programs answer, each with one line. */
function machine(answers: Readonly<Record<string, string>>, other: Partial<Machine> = {}): Machine {
  return {
    env: {},
    platform: 'linux',
    arch: 'x64',
    home: '/home/u',
    run: async (command) => answers[command],
    ...other,
  }
}

describe('the order of the search', () => {
  const everything = { '/my/k6': K6, k6: K6, [CACHED]: K6, go: GO, docker: DOCKER }
  const without = (...names: readonly string[]) =>
    Object.fromEntries(Object.entries(everything).filter(([name]) => !names.includes(name)))

  test.each([
    ['the variable K6', machine(everything, { env: { K6: '/my/k6' } }), { type: 'binary', from: 'variable' }],
    ['the PATH', machine(everything), { type: 'binary', from: 'path', command: 'k6' }],
    ['the kept build', machine(without('k6')), { type: 'binary', from: 'cache', command: CACHED }],
    ['Go', machine(without('k6', CACHED)), { type: 'go', goVersion: '1.26.8', place: CACHED }],
    ['Docker', machine(without('k6', CACHED, 'go')), { type: 'container', image: K6_IMAGE }],
  ])('%s comes before what follows it', async (_, on, expected) => {
    expect(await findK6(on)).toMatchObject(expected)
  })

  test('the cache is where the user has put it', async () => {
    const env = { XDG_CACHE_HOME: '/fast' }
    expect(await findK6(machine({ go: GO }, { env }))).toMatchObject({ place: '/fast/shop/k6-1.8.1' })
  })

  test('a k6 that is needed at once is not built and not run in a container', async () => {
    expect(await findBinary(machine({ go: GO, docker: DOCKER }))).toBeUndefined()
  })
})

describe('versions', () => {
  test.each([
    ['0.57.0', 'cache'],
    ['1.0.0', 'path'],
    ['1.10.0', 'path'],
    ['2.0.1', 'path'],
  ])('k6 %s on the PATH leads to the one from %s', async (version, from) => {
    expect(await findK6(machine({ k6: `k6 v${version} (go1.24)`, [CACHED]: K6 }))).toMatchObject({ from })
  })

  test('one that the variable names and that is too old is refused, not replaced', async () => {
    const old = machine({ '/my/k6': 'k6 v0.49.0 (go1.22)', k6: K6 }, { env: { K6: '/my/k6' } })
    await expect(findK6(old)).rejects.toMatchObject({ code: 'K6_UNUSABLE', message: expect.stringContaining('0.49.0') })
  })

  test('a program that is no k6 is refused by name', async () => {
    const wrong = machine({ '/bin/true': '', k6: K6 }, { env: { K6: '/bin/true' } })
    await expect(findK6(wrong)).rejects.toMatchObject({
      code: 'K6_UNUSABLE',
      message: expect.stringContaining('/bin/true'),
    })
  })

  test('a variable that is set to nothing counts as absent', async () => {
    expect(await findK6(machine({ k6: K6 }, { env: { K6: '' } }))).toMatchObject({ from: 'path' })
  })
})

describe('where there is none', () => {
  test.each([
    ['linux', 'x64', 'k6-v1.8.1-linux-amd64.tar.gz'],
    ['linux', 'arm64', 'k6-v1.8.1-linux-arm64.tar.gz'],
    ['darwin', 'arm64', 'brew install k6'],
    ['freebsd', 'x64', 'grafana.com'],
    ['linux', 'riscv64', 'grafana.com'],
  ] as const)('on %s %s the message says how to install it', async (platform, arch, cure) => {
    const search = findK6(machine({}, { platform, arch }))
    await expect(search).rejects.toThrow(LoadTestError)
    await expect(search).rejects.toThrow(cure)
  })

  test('the command puts it where the search looks', async () => {
    await expect(findK6(machine({}))).rejects.toThrow(`> "${CACHED}"`)
  })

  test('an engine that does not answer is as good as none', async () => {
    await expect(findK6(machine({ docker: '\n' }))).rejects.toMatchObject({ code: 'K6_MISSING' })
  })

  test('where a container has a network of its own, Docker is no way', async () => {
    await expect(findK6(machine({ docker: DOCKER }, { platform: 'darwin' }))).rejects.toThrow('brew install k6')
  })

  test('the message says what was tried before', async () => {
    await expect(findContainer(machine({}), ['Building it failed: no network'])).rejects.toThrow('no network')
  })
})
