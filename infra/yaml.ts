/**
 * YAML of what JSON can say, for files that a person reads: maps and lists in blocks, texts in double quotes, and texts of
 * several lines, or with quotes of their own, as they are.
 */

type Scalar = string | number | boolean
export type Yaml = Scalar | readonly Yaml[] | { readonly [name: string]: Yaml }

/** Comes with the line end of its last line. */
export function yaml(value: Yaml, indent = ''): string {
  if (isScalar(value)) return ` ${scalar(value, indent)}\n`
  if (Array.isArray(value)) {
    return value.map((item: Yaml) => `${indent}-${afterDash(yaml(item, `${indent}  `), indent)}`).join('')
  }
  return Object.entries(value)
    .map(([name, inner]) => {
      const below = yaml(inner, `${indent}  `)
      return `${indent}${key(name)}:${isScalar(inner) ? below : `\n${below}`}`
    })
    .join('')
}

/** The first line of a map or a list stands beside the dash. */
function afterDash(text: string, indent: string): string {
  return text.startsWith(' ') && !text.startsWith(`${indent}  `) ? text : ` ${text.trimStart()}`
}

function isScalar(value: Yaml): value is Scalar {
  return typeof value !== 'object'
}

function scalar(value: Scalar, indent: string): string {
  if (typeof value !== 'string') return String(value)
  if (!/[\n"]/.test(value)) return JSON.stringify(value)
  return `|-\n${value.replaceAll(/^/gm, indent || '  ')}`
}

function key(name: string): string {
  return /^[A-Za-z_][\w-]*$/.test(name) ? name : JSON.stringify(name)
}
