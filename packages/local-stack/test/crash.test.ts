/** What is left when the process that started the servers is killed, and who clears it away. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startPostgres, startRedis, type TemporaryDirectory, temporaryDirectory } from '../src/index.ts'
import { commandOf, until } from '../src/processes.ts'

interface Started {
  readonly postgres: { readonly url: string; readonly pid: number }
  readonly redis: { readonly url: string; readonly pid: number }
}

let directory: TemporaryDirectory
beforeAll(async () => {
  directory = await temporaryDirectory('crash')
})
afterAll(() => directory.remove())

async function startInParent(dir: string): Promise<{ parent: ChildProcess; started: Started }> {
  const parent = fork(new URL('./servers-of-a-parent.ts', import.meta.url), [dir], { execArgv: [] })
  const [started] = (await once(parent, 'message')) as [Started]
  return { parent, started }
}

test('servers outlive a killed parent, and the next start takes over with every committed row', async () => {
  const { parent, started } = await startInParent(directory.path)
  const sql = postgres(started.postgres.url, { max: 1 })
  await sql`create table survived (n int)`
  await sql`insert into survived values (1)`
  await sql.end()

  const exit = once(parent, 'exit')
  parent.kill('SIGKILL')
  await exit
  expect(commandOf(started.postgres.pid)).toBeDefined()
  expect(commandOf(started.redis.pid)).toBeDefined()

  const redis = await startRedis({ dir: join(directory.path, 'redis') })
  const server = await startPostgres({ dir: join(directory.path, 'postgres') })
  expect(commandOf(started.postgres.pid)).toBeUndefined()
  expect(commandOf(started.redis.pid)).toBeUndefined()
  const again = postgres(server.url, { max: 1 })
  expect([...(await again`select n from survived`)]).toEqual([{ n: 1 }])
  await again.end()
  await server.stop()
  await redis.stop()
})

test('a new temporary directory clears away that of a killed process, with its servers', async () => {
  // Named as temporaryDirectory would have named it in the parent, whose pid is known only after the fork.
  const parentDirectory = await temporaryDirectory('killed')
  const { parent, started } = await startInParent(join(parentDirectory.path, 'inner'))
  const abandoned = parentDirectory.path.replace(`shop-test-${process.pid}-`, `shop-test-${parent.pid}-`)
  mkdirSync(abandoned)
  const { parent: second, started: left } = await startInParent(abandoned)

  for (const child of [parent, second]) {
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  const next = await temporaryDirectory('next')
  // Another run on this machine may have come first and be at it still.
  const isGone = () => !existsSync(abandoned) && !commandOf(left.postgres.pid) && !commandOf(left.redis.pid)
  expect(await until(isGone, 10_000)).toBe(true)

  // The other one carries the number of a living process: nobody but its owner removes it.
  expect(commandOf(started.postgres.pid)).toBeDefined()
  await startPostgres({ dir: join(parentDirectory.path, 'inner', 'postgres') }).then((server) => server.stop())
  await startRedis({ dir: join(parentDirectory.path, 'inner', 'redis') }).then((server) => server.stop())
  await parentDirectory.remove()
  await next.remove()
})
