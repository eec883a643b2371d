/** Starts both servers of a directory and waits: a parent for the crash tests to kill. */

import { join } from 'node:path'

import { startPostgres, startRedis } from '../src/index.ts'

const dir = process.argv[2] as string
const postgres = await startPostgres({ dir: join(dir, 'postgres') })
const redis = await startRedis({ dir: join(dir, 'redis') })
process.send?.({ postgres: { url: postgres.url, pid: postgres.pid }, redis: { url: redis.url, pid: redis.pid } })
