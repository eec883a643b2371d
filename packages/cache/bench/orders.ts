/** What a member of a fleet is asked to do, and what it answers. */

export type Order =
  /** Callers that begin together at `at`, spread over the keys. */
  | { readonly type: 'read'; readonly at: number; readonly callers: number; readonly keys: readonly string[] }
  /** Have an entry in memory, and wait for the next word from Redis. */
  | { readonly type: 'hold' }
  /** When was it heard? */
  | { readonly type: 'hear' }

export type Answer =
  | { readonly type: 'ready' }
  /** How long each caller waited, and how long each load of this process took. */
  | { readonly type: 'read'; readonly waits: readonly number[]; readonly loads: readonly number[] }
  | { readonly type: 'holding' }
  | { readonly type: 'heard'; readonly at: number }

/** How long a load takes, about. */
export const LOAD_MS = 100
/** The tag of the entry that is held. */
export const HELD_TAG = 'held'
/** Where the bare client of each member listens. */
export const BARE_CHANNEL = 'bare'

/** The steady clock that all processes of a machine share, in milliseconds. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
