/**
 * The contract of the shared tier: entries as bytes, readable by every process.
 *
 * It is only ever read here, and gone through for patterns of keys. Writing goes through a lease (lease.ts), because a write without a fence could
 * bring an invalidated value back.
 */

export interface SharedTier {
  /**
   * Reads the bytes of each key, or `undefined`, in the order asked for and as they are at an instant after the call. Must
   * reject, in finite time, when it cannot tell.
   */
  read(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]>

  /**
   * One step of going through all keys, on from `cursor`, that looks at about `count` of them: the keys of entries that match
   * the pattern (pattern.ts), others perhaps among them. From the first step to the last, each that is there all the time
   * must come once at least.
   */
  scan(pattern: string, cursor: string | undefined, count: number): Promise<ScanStep>
}

export interface ScanStep {
  readonly keys: readonly string[]
  /** Where to go on; `undefined`: it is the end. */
  readonly next: string | undefined
}
