/**
 * The contract of the shared tier: entries as bytes, readable by every process.
 *
 * It is only ever read here. Writing goes through a lease (lease.ts), because a write without a fence could
 * bring an invalidated value back.
 */

export interface SharedTier {
  /**
   * Reads the bytes of each key, or `undefined`, in the order asked for and as they are at an instant after the call. Must
   * reject, in finite time, when it cannot tell.
   */
  read(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]>
}
