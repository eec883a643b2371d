/** As much of the Redis clients as the peers need. They are installed with the peers: their types are not here. */

export interface RedisClient {
  on(event: 'error', listener: () => void): unknown
  disconnect(): void
}

export interface RedisModule {
  readonly Redis: new (url: string, options: { readonly enableAutoPipelining: boolean }) => RedisClient
}
