import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { cleanEnvironment } from '../clean-environment.ts'
import { root } from '../command.ts'

const cleaned = (...names: string[]) =>
  Object.keys(cleanEnvironment(Object.fromEntries(names.map((name) => [name, 'x']))))

test.each([
  ['api', 12],
  ['worker', 9],
])('nothing that configures the %s goes through', (app, count) => {
  const files = [`apps/${app}/src/config.ts`, 'packages/process/src/environment.ts']
  const config = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n')
  const names = [...config.matchAll(/^ {2,4}([A-Z][A-Z0-9_]+):/gm)].map(([, name = '']) => name)
  expect(names).toContain('DATABASE_URL')
  expect(names.length).toBeGreaterThan(count)
  expect(cleaned(...names, 'NODE_ENV', 'SHOP_DATA', 'OTEL_TRACES_SAMPLER', 'PGHOST')).toEqual([])
})

test('what the machine needs stays', () => {
  const needed = [
    'PATH',
    'HOME',
    'TMPDIR',
    'NODE_EXTRA_CA_CERTS',
    'HTTPS_PROXY',
    'npm_config_cache',
    'XDG_CACHE_HOME',
    'CI',
  ]
  expect(cleaned(...needed)).toEqual(needed)
})
