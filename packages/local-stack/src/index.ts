/** The public surface of @shop/local-stack: real servers on this machine, for `npm start` and for every test. */

export { LocalStackError, type LocalStackErrorCode } from './errors.ts'
export { freePort, isFree } from './port.ts'
export { type PostgresOptions, removePostgres, startPostgres, stopPostgres, throwaway } from './postgres.ts'
export { commandOf, markOf, processesOf, signal, until } from './processes.ts'
export { type RedisOptions, startRedis, stopRedis } from './redis.ts'
export { redisImageMissing, removeRedisContainer, startRedisContainer } from './redis-container.ts'
export { installRedis, removeLeftPolicy } from './redis-install.ts'
export { findRedis, type RedisFound, redisCure } from './redis-search.mjs'
export type { RunningServer, ServerExit } from './server-process.ts'
export { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts'
