/** What k6 is told of a scenario by the service of docker-compose.yml, which nobody has written down twice. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const HOME = new URL('../', import.meta.url)
const compose = readFileSync(new URL('../docker-compose.yml', HOME), 'utf8')

/** Of the service k6: the lines below `environment:` that stand deeper than it. */
const service = /^ {2}k6:\n(?:(?: {4}.*)?\n)+/m.exec(compose)?.[0] ?? ''
const environment = /^ {4}environment:\n((?: {6}.*\n)+)/m.exec(service)?.[1] ?? ''
const given = new Map([...environment.matchAll(/^ {6}(\w+): (.*)$/gm)].map(([, name, value]) => [name, value]))

test('the load profile gives every setting that its scenario has no default for', () => {
  const scenario = /(scenarios\/[\w-]+\.ts)\]/.exec(service)?.[1] ?? ''
  const needed = settingsOf(new URL(scenario, HOME))
  expect(needed).toContain('STAGES')
  expect(needed.filter((name) => !given.has(name))).toEqual([])
})

test('the load profile expects that a smaller shop has not every page of its list', () => {
  expect(given.get('REFUSALS')).toBe('expected')
})

/** Of a script and of all that it imports. */
function settingsOf(script: URL, seen = new Set<string>()): readonly string[] {
  const path = fileURLToPath(script)
  if (seen.has(path)) return []
  seen.add(path)
  const text = readFileSync(path, 'utf8')
  const imported = [...text.matchAll(/from '(\.[^']+)'/g)].map(([, file = '']) => new URL(file, script))
  const own = [...text.matchAll(/\b(?:setting|numberSetting|listSetting|fileSetting)\('(\w+)'\)/g)]
  return [...own.map(([, name = '']) => name), ...imported.flatMap((file) => settingsOf(file, seen))]
}
