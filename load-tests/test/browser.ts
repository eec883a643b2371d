/** A browser of the Chromium kind, where there is one: the one that `CHROMIUM` names, or the first on the PATH. */

import { execFileSync } from 'node:child_process'
import { delimiter, join } from 'node:path'

export const WITHOUT_BROWSER = 'Skipped: there is no Chromium and no Chrome on the PATH, and CHROMIUM names none.'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

/** What has not told its version by then does not. */
const HUNG_MS = 10_000

type Environment = Readonly<Record<string, string | undefined>>

/** Its path. What somebody named is used or refused, never replaced by another. */
export function findBrowser({ CHROMIUM, PATH = '' }: Environment = process.env): string | undefined {
  if (CHROMIUM) {
    if (isBrowser(CHROMIUM)) return CHROMIUM
    throw new Error(`CHROMIUM names a program that is no Chromium and no Chrome: ${CHROMIUM}`)
  }
  const folders = PATH.split(delimiter).filter((folder) => folder !== '')
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isBrowser)
}

/** One that only says how to install it, as a system may have it under that name, is none; nor is one that says nothing. */
function isBrowser(path: string): boolean {
  try {
    const said = execFileSync(path, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: HUNG_MS,
      killSignal: 'SIGKILL',
    })
    return /^(Chromium|Google Chrome)\b.* \d+\./m.test(said)
  } catch {
    return false
  }
}
