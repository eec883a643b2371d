/** `npm run fix`: repairs format and what lint can. */

import { run } from './command.ts'

process.exit(await run('biome', ['check', '--write', '.']))
