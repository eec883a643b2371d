/** Temporary directories, made by several processes at once. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { temporaryDirectory } from '../src/index.ts'

function forkRun(tmpdir: string): { child: ChildProcess; errors(): string } {
  const child = fork(new URL('./temporary-directories.ts', import.meta.url), {
    execArgv: [],
    env: { ...process.env, TMPDIR: tmpdir },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  return { child, errors: () => errors }
}

test('runs that begin at once remove the same leftovers and none of them fails', async () => {
  const directory = await temporaryDirectory('at-once')
  const base = join(directory.path, 'base')
  mkdirSync(base)
  chmodSync(base, 0o755) // As the system's: root's PostgreSQL account must get through, or it is not used.
  const runs = Array.from({ length: 4 }, () => forkRun(base))
  await Promise.all(runs.map(({ child }) => once(child, 'message')))

  const dead = fork(new URL('./temporary-directories.ts', import.meta.url), { execArgv: [] })
  dead.kill('SIGKILL')
  await once(dead, 'exit')
  for (let n = 0; n < 8; n++) {
    for (const folder of ['postgres', 'redis', 'other']) {
      const left = join(base, `shop-test-${dead.pid}-left-${n}`, folder)
      mkdirSync(left, { recursive: true })
      for (let file = 0; file < 50; file++) writeFileSync(join(left, `${file}`), '')
    }
  }

  const ends = runs.map(async ({ child, errors }) => {
    const exit = once(child, 'exit')
    child.send('go')
    const [code] = await exit
    return { code, errors: errors() }
  })
  expect(await Promise.all(ends)).toEqual(runs.map(() => ({ code: 0, errors: '' })))
  expect(readdirSync(base)).toEqual([])
  await directory.remove()
})
