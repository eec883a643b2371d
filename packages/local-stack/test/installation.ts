/** Installs Redis with the `apt-get` that is first on the PATH: a process for the tests to interrupt. */

import { installRedis } from '../src/index.ts'

await installRedis({ policy: process.argv[2] as string })
process.send?.('installed')
process.disconnect()
