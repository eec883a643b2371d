/** Started by root in a place that PostgreSQL's unprivileged account cannot enter, such as a clone below /root. */

import { chmodSync, existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { removePostgres, startPostgres, type TemporaryDirectory, temporaryDirectory, throwaway } from '../src/index.ts'

const isRoot = process.getuid?.() === 0

describe.runIf(isRoot)('as root, below a folder closed to others', () => {
  let directory: TemporaryDirectory
  let dir: string
  beforeAll(async () => {
    directory = await temporaryDirectory('closed')
    mkdirSync(join(directory.path, 'closed'), { mode: 0o700 })
    dir = join(directory.path, 'closed', 'postgres')
  })
  afterAll(async () => {
    await removePostgres(dir)
    await directory.remove()
  })

  async function rows(statement: string): Promise<unknown[]> {
    const server = await startPostgres({ dir, settings: throwaway })
    const sql = postgres(server.url, { max: 1, onnotice: () => undefined })
    try {
      return [...(await sql.unsafe(statement))]
    } finally {
      await sql.end()
      await server.stop()
    }
  }

  test('the data lies outside, owned by an account that is not root, and a link leads to it', async () => {
    await rows('create table kept (n int); insert into kept values (1)')
    const link = join(dir, 'data')
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(statSync(link).uid).not.toBe(0)
    expect(await rows('select n from kept')).toEqual([{ n: 1 }])
  })

  test('with the directory removed by hand the next start begins anew', async () => {
    rmSync(dir, { recursive: true })
    expect(await rows("select to_regclass('kept') as kept")).toEqual([{ kept: null }])
  })

  test('removing takes the data outside with it', async () => {
    const outside = readlinkSync(join(dir, 'data'))
    await removePostgres(dir)
    expect(existsSync(outside)).toBe(false)
    expect(existsSync(`${outside}.link`)).toBe(false)
  })

  test('the data of a temporary clone that was deleted goes with the next start of any', async () => {
    const original = dir
    dir = join(directory.path, 'closed', 'deleted')
    await rows('select 1')
    const outside = readlinkSync(join(dir, 'data'))
    rmSync(dir, { recursive: true })
    dir = original
    await rows('select 1')
    expect(existsSync(outside)).toBe(false)
    await removePostgres(dir)
  })

  test('data that was made before the folder was closed moves outside and keeps its rows', async () => {
    const closed = join(directory.path, 'closed')
    chmodSync(closed, 0o755)
    await rows('create table kept (n int); insert into kept values (2)')
    expect(lstatSync(join(dir, 'data')).isDirectory()).toBe(true)
    chmodSync(closed, 0o700)
    expect(await rows('select n from kept')).toEqual([{ n: 2 }])
    expect(lstatSync(join(dir, 'data')).isSymbolicLink()).toBe(true)
  })

  test('a copy of the directory does not share the data of the original', async () => {
    const original = dir
    const outside = readlinkSync(join(original, 'data'))
    dir = join(directory.path, 'closed', 'copy')
    mkdirSync(dir)
    symlinkSync(outside, join(dir, 'data'))
    expect(await rows("select to_regclass('kept') as kept")).toEqual([{ kept: null }])
    await removePostgres(dir)
    dir = original
    expect(await rows('select n from kept')).toEqual([{ n: 2 }])
  })
})
