/** Properties of the repository as a whole: what may import what, what every file has, where time is read. */

import { expect, test } from 'vitest'

import { codeOf, files, importsOf, productFiles, read } from './sources.ts'

/** What each workspace's product may import of the others. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'packages/cache': [],
  'packages/db': [],
  'packages/local-stack': [],
  // Its ./testing starts a Jaeger.
  'packages/telemetry': ['@shop/local-stack'],
  // Starts it and ends it with the process.
  'packages/process': ['@shop/telemetry'],
  'apps/api': ['@shop/cache', '@shop/db', '@shop/process', '@shop/telemetry'],
  'apps/worker': ['@shop/cache', '@shop/db', '@shop/process', '@shop/telemetry'],
}

const product = productFiles()

test.each(Object.entries(MAY_IMPORT))('%s imports only what it may of the others', (workspace, allowed) => {
  const own = product.filter((file) => file.startsWith(`${workspace}/src/`))
  const wrong = own.flatMap((file) =>
    importsOf(file)
      .filter((name) => name.startsWith('@shop/') && !allowed.includes(name.split('/').slice(0, 2).join('/')))
      .map((name) => `${file} imports ${name}`),
  )
  expect(wrong).toEqual([])
  expect(own.length).toBeGreaterThan(0)
})

test('every workspace with a product is in that list', () => {
  const workspaces = new Set(product.map((file) => file.split('/').slice(0, 2).join('/')))
  expect([...workspaces].sort()).toEqual(Object.keys(MAY_IMPORT).sort())
})

test('no import reaches into another workspace past its exports', () => {
  const wrong = files('{apps,packages}/*/{src,test}/**/*.ts').flatMap((file) =>
    importsOf(file)
      .filter((name) => /^\.\.\/(\.\.\/)+(apps|packages)\//.test(name))
      .map((name) => `${file} imports ${name}`),
  )
  expect(wrong).toEqual([])
})

test.each([
  ...product,
  ...files('{scripts,load-tests,infra}/**/*.{ts,mjs}').filter((file) => !file.endsWith('.test.ts')),
])('%s opens by saying what it is', (file) => {
  expect(read(file)).toMatch(/^(#!.*\n)?\/\*\*?[\s\S]+?\*\//)
})

test.each(
  product.filter((file) => file.startsWith('packages/cache/') && !/\/(clock|manual-clock|unique)\.ts$/.test(file)),
)('%s reads time and chance only through clock.ts and unique.ts', (file) => {
  expect(codeOf(file)).not.toMatch(
    /Date\.now|new Date\(|setTimeout|setInterval|setImmediate|performance\.now|hrtime|Math\.random|randomBytes/,
  )
})

test('nothing on a read or write path of the cache scans Redis', () => {
  const all = /call\('(KEYS|SCAN)'|\.(keys\('|scanStream\()/
  expect("redis.call('KEYS', '*')").toMatch(all)
  expect(files('packages/cache/src/redis/*.ts').filter((file) => all.test(codeOf(file)))).toEqual([])

  const scanning = product.filter((file) => file.startsWith('packages/cache/') && /\.scan\(/.test(codeOf(file)))
  const suites = /-conformance\.ts$/
  expect(scanning.filter((file) => !suites.test(file))).toEqual([
    'packages/cache/src/redis/index.ts',
    'packages/cache/src/sweep.ts',
  ])
  const sweeping = product.filter((file) => importsOf(file).includes('./sweep.ts'))
  expect(sweeping).toEqual(['packages/cache/src/cache.ts', 'packages/cache/src/index.ts'])
})

test('every error code of the cache has a section in its documentation, and no other', () => {
  const codes = [...read('packages/cache/src/errors.ts').matchAll(/^ {2}\| '(CACHE_\w+)'/gm)].map(([, code]) => code)
  const sections = [...read('packages/cache/docs/errors.md').matchAll(/^## (CACHE_\w+)$/gm)].map(([, code]) => code)
  expect(sections.sort()).toEqual(codes.sort())
  expect(codes.length).toBeGreaterThan(5)
})

test('no dependency is without its reason', () => {
  const reasons = read('docs/dependencies.md')
  const named = files('{package.json,{apps,packages}/*/package.json,load-tests/package.json}').flatMap((file) => {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(read(file))
    return Object.keys({ ...dependencies, ...devDependencies })
  })
  const missing = [...new Set(named)].filter((name) => !name.startsWith('@shop/') && !reasons.includes(`\`${name}\``))
  expect(missing).toEqual([])
})

test('every relative link in the documentation leads somewhere', () => {
  const broken = files('{*.md,{docs,apps,packages,load-tests,infra}/**/*.md}').flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
      .map(([, link = '']) => new URL(link, `file:///${file}`).pathname.slice(1))
      .filter((target) => files(target).length === 0 && files(`${target.replace(/\/$/, '')}/*`).length === 0)
      .map((target) => `${file} links to ${target}`),
  )
  expect(broken).toEqual([])
})
