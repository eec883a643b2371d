/** The arguments of a small command: flags only, each with a line of help. */

import { parseArgs } from 'node:util'

/** The flags that were given. Prints the help and ends for `--help`; says what is wrong and ends for anything unknown. */
export function flagsOf<F extends string>(
  command: string,
  flags: Readonly<Record<F, string>>,
): Readonly<Record<F, boolean>> {
  const names = Object.keys(flags) as F[]
  const help = [
    `Usage: npm run ${command} -- [${names.map((name) => `--${name}`).join('] [')}]`,
    '',
    ...Object.entries<string>({ ...flags, help: 'show this' }).map(([name, what]) => `  --${name.padEnd(10)} ${what}`),
  ].join('\n')
  try {
    const options = Object.fromEntries([...names, 'help'].map((name) => [name, { type: 'boolean' as const }]))
    const { values } = parseArgs({ options })
    if (values.help) {
      console.log(help)
      process.exit(0)
    }
    return Object.fromEntries(names.map((name) => [name, values[name] === true])) as Record<F, boolean>
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('. ')
    console.error(`${reason}.\n\n${help}`)
    process.exit(2)
  }
}
