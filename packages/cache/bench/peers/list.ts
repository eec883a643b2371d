/** The peers, this package first. */

import { asyncCacheDedupe } from './async-cache-dedupe.ts'
import { bentocache } from './bentocache.ts'
import { cacheable } from './cacheable.ts'
import { cachified } from './cachified.ts'
import { layeredLoader } from './layered-loader.ts'
import type { Peer } from './peer.ts'
import { shopCache } from './shop-cache.ts'

export const PEERS: readonly Peer[] = [shopCache, bentocache, cacheable, layeredLoader, asyncCacheDedupe, cachified]
