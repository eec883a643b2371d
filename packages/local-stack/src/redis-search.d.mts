/** The types of redis-search.mjs, which is plain JavaScript for the reason given there. */

/** What the search asks of the machine; a test answers in its place. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: string
  readonly isRoot: boolean
  has(command: string): boolean
  osRelease(): string
  /** The standard output of a command, or `undefined` if it failed or took longer. */
  run(command: string, args: readonly string[], limitMs: number): Promise<string | undefined>
}

export type RedisFound =
  /** REDIS_URL names one. */
  | { readonly type: 'url'; readonly url: string }
  /** A server on the PATH. */
  | { readonly type: 'path'; readonly command: string; readonly version: string }
  /** A Docker engine that answers can run one. */
  | { readonly type: 'docker'; readonly image: string }
  /** Debian or Ubuntu as root: it can be installed. */
  | { readonly type: 'apt' }
  /** None, and what a person can do about it. */
  | { readonly type: 'none'; readonly cure: string }

export const REDIS_IMAGE: string
export const REDIS_FLOOR: string
export const thisMachine: Machine
export function findRedis(machine?: Machine): Promise<RedisFound>
export function findRedisOnPath(machine?: Machine): Promise<Extract<RedisFound, { type: 'path' }> | undefined>
export function redisCure(machine?: Machine): string
export function dockerAnswers(machine?: Machine): Promise<boolean>
export function isAtLeast(version: string, floor: string): boolean
export function pathOf(command: string): string | undefined
