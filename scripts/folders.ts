/** Where a shop keeps what it makes. SHOP_DATA moves it, so that a test can run beside the shop of the same clone. */

import { join, relative, resolve } from 'node:path'
import { env } from 'node:process'

import { root } from './command.ts'

export const SHOP_FOLDER = env.SHOP_DATA ? resolve(env.SHOP_DATA) : join(root, '.shop')
export const POSTGRES_FOLDER = join(SHOP_FOLDER, 'postgres')
export const REDIS_FOLDER = join(SHOP_FOLDER, 'redis')

/** For messages: `.shop`, or the whole path if it is elsewhere. */
export const SHOP_SHOWN = SHOP_FOLDER.startsWith(root) ? relative(root, SHOP_FOLDER) : SHOP_FOLDER
