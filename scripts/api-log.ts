/**
 * One line of a process's structured log, for a person: who, how bad, what, and the rest as it is.
 *
 * A path is what a stranger sent. What would move the cursor, clear the screen or begin a line of its own is shown and
 * not done: a string with such characters is quoted as in JSON, and no line has any of them.
 */

const WIDTH = 10

/** Control characters and those that turn the direction of the text. A tab only indents a stack trace. */
const CONTROL = /(?!\t)[\p{Cc}\p{Bidi_Control}]/u

/** What every line has and nobody reads. */
const LEFT_OUT = new Set(['level', 'time', 'pid', 'hostname', 'service', 'msg'])

/** A line that is not JSON (a stack trace of a crash) is passed on as it is. */
export function formatLog(source: string, line: string): string {
  const fields = parse(line)
  if (!fields) return escaped(`  ${source.padEnd(WIDTH)} ${line}`)
  const rest = Object.entries(fields)
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, value]) => `${name}=${shown(value)}`)
  return escaped(`  ${source.padEnd(WIDTH)} ${[fields.level, fields.msg, ...rest].filter(Boolean).join(' ')}`)
}

function shown(value: unknown): string {
  return typeof value === 'string' && !CONTROL.test(value) ? value : JSON.stringify(value)
}

/** JSON leaves some of them as they are, such as the one-byte CSI (U+009B). */
function escaped(line: string): string {
  return line.replaceAll(new RegExp(CONTROL, 'gu'), (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
