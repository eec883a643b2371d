/**
 * What may be a value: plain JSON, and nothing that JSON would turn into something else without a word.
 *
 * `JSON.stringify` makes a text of a `Date`, `{}` of a `Map`, `null` of `NaN`, and a plain object of any instance: who
 * reads it back has another value than was loaded, and finds out late. Such a value is refused, with the place where it is.
 * Two changes are not refused, because they change nothing that a reader would miss: a member that is `undefined` is left
 * out, as are members named by symbols, and -0 becomes 0.
 */

/** Deeper than any value that was meant, and shallow enough for the stack. */
const DEEPEST = 500

/** Why a value is refused, and where. */
export class NotPlain extends Error {}

/** A frozen copy. Throws `NotPlain`. */
export function plainCopy(value: unknown): unknown {
  return copyOf(value, '', 0)
}

function copyOf(value: unknown, path: string, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (Number.isFinite(value)) return value + 0
      throw refused(path, String(value))
    case 'object':
      if (value === null) return null
      if (depth > DEEPEST) throw refused('', `cyclic, or more than ${DEEPEST} levels deep`)
      return Array.isArray(value) ? copyOfArray(value, path, depth + 1) : copyOfObject(value, path, depth + 1)
    default:
      throw refused(path, value === undefined ? 'undefined' : `a ${typeof value}`)
  }
}

function copyOfArray(value: readonly unknown[], path: string, depth: number): unknown {
  // Also finds holes, and members that are no elements.
  if (Object.keys(value).length !== value.length) throw refused(path, 'an array with holes or with members of its own')
  return Object.freeze(Array.from(value, (member, i) => copyOf(member, `${path}[${i}]`, depth)))
}

function copyOfObject(value: object, path: string, depth: number): unknown {
  const prototype: unknown = Object.getPrototypeOf(value)
  // A prototype without one of its own is that of plain objects, of this realm or of another.
  if (prototype !== Object.prototype && prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw refused(path, `an instance of ${value.constructor?.name || 'a class'}`)
  const copy: Record<string, unknown> = {}
  for (const name of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[name]
    if (member === undefined) continue
    const copied = copyOf(member, `${path}.${name}`, depth)
    // An assignment to this one name would set the prototype.
    if (name === '__proto__') Object.defineProperty(copy, name, { value: copied, enumerable: true })
    else copy[name] = copied
  }
  return Object.freeze(copy)
}

function refused(path: string, what: string): NotPlain {
  return new NotPlain(path === '' ? `it is ${what}` : `${path.replace(/^\./, '')} is ${what}`)
}
