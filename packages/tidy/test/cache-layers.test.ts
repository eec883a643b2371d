/**
 * A module of @shop/cache may import only modules of the layers below its own, so the list can be read from
 * top to bottom once, without going back. Modules of one layer do not know each other.
 */

import { posix } from 'node:path'

import { expect, test } from 'vitest'

import { importsOf, productFiles } from './sources.ts'

const SRC = 'packages/cache/src/'

const LAYERS: readonly (readonly string[])[] = [
  // ground
  ['clock', 'errors', 'events', 'unique'],
  // facts
  ['key', 'pattern', 'entry', 'stats', 'describe', 'plain', 'deadline', 'gather', 'manual-clock', 'gated-load'],
  // contracts
  ['codec', 'tier', 'lease', 'tags', 'hooks'],
  ['bus'],
  ['remote'],
  // choices
  ['options', 'redis-double'],
  // mechanisms
  ['cells', 'proof', 'flight', 'waiters', 'bulkhead', 'drops', 'observe', 'tag-names', 'schema', 'http'],
  ['memory-tier'],
  ['decide', 'position', 'warm'],
  // operations
  ['engine'],
  ['install', 'judge', 'invalidate', 'bring', 'explain'],
  ['weigh', 'capture'],
  ['lookup', 'load'],
  ['read', 'write'],
  // façade
  ['resource', 'sweep'],
  ['cache'],
  ['index'],
  // edge
  ['hono', 'otel-spans', 'conformance-fleet'],
  ['conformance', 'otel-metrics'],
  ['otel', 'tier-conformance', 'lease-conformance', 'tags-conformance', 'bus-conformance'],
  ['testing'],
]

/** Redis keeps the contracts, and knows nothing above them. */
const REDIS_LAYERS: readonly (readonly string[])[] = [
  ...LAYERS.slice(0, 5),
  ['redis/layout', 'redis/scripts'],
  ['redis/link'],
  ['redis/subscription'],
  ['redis/index'],
]

const modules = productFiles()
  .filter((file) => file.startsWith(SRC))
  .map((file) => file.slice(SRC.length).replace(/\.ts$/, ''))

function levels(layers: readonly (readonly string[])[]): Map<string, number> {
  return new Map(layers.flatMap((names, level) => names.map((name) => [name, level])))
}

test('every module has a layer, and every layer names modules', () => {
  expect([...new Set([...LAYERS.flat(), ...REDIS_LAYERS.flat()])].sort()).toEqual([...modules].sort())
})

test.each(modules)('%s imports only from the layers below it', (module) => {
  const level = levels(module.startsWith('redis/') ? REDIS_LAYERS : LAYERS)
  const own = level.get(module) ?? -1
  const wrong = importsOf(`${SRC}${module}.ts`)
    .filter((imported) => imported.startsWith('.'))
    .map((imported) => posix.join(posix.dirname(module), imported).replace(/\.ts$/, ''))
    .filter((imported) => (level.get(imported) ?? Number.POSITIVE_INFINITY) >= own)
  expect(wrong).toEqual([])
})

const IMPORTERS: Readonly<Record<string, RegExp>> = {
  'lru-cache': /^memory-tier$/,
  ioredis: /^redis\//,
  hono: /^hono$/,
  '@opentelemetry/api': /^otel(-spans|-metrics)?$/,
}

test.each(Object.entries(IMPORTERS))('%s is imported in one place only', (dependency, place) => {
  const importers = modules.filter((module) => importsOf(`${SRC}${module}.ts`).includes(dependency))
  expect(importers.filter((module) => !place.test(module))).toEqual([])
  expect(importers.length).toBeGreaterThan(0)
})

test('nothing else is imported but what Node brings', () => {
  const foreign = modules.flatMap((module) =>
    importsOf(`${SRC}${module}.ts`).filter(
      (name) => !name.startsWith('.') && !name.startsWith('node:') && !(name in IMPORTERS),
    ),
  )
  expect(foreign).toEqual([])
})
