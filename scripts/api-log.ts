/** One line of the API's structured log, for a person: who, how bad, what, and the rest as it is. */

const WIDTH = 10

/** What every line has and nobody reads. */
const LEFT_OUT = new Set(['level', 'time', 'pid', 'hostname', 'service', 'msg'])

/** A line that is not JSON (a stack trace of a crash) is passed on as it is. */
export function formatLog(source: string, line: string): string {
  const fields = parse(line)
  if (!fields) return `  ${source.padEnd(WIDTH)} ${line}`
  const rest = Object.entries(fields)
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `  ${source.padEnd(WIDTH)} ${[fields.level, fields.msg, ...rest].filter(Boolean).join(' ')}`
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
