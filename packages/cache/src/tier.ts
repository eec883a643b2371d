/**
 * The contract of the shared tier: entries as bytes, readable by every process.
 *
 * It is only ever read here. Writing goes through a lease (lease.ts), because a write without a fence could
 * bring an invalidated value back.
 */

export interface SharedTier {
  /** Reads the bytes of one key, or `undefined`. Must reject, in finite time, when it cannot tell. */
  read(key: string): Promise<Buffer | undefined>
}
