/**
 * What may be said about a SQL statement in a trace.
 *
 * The text goes out without literals: strings and numbers become `?`, comments
 * go, `$1` stays. The summary is the operation and its tables in order
 * (`SELECT products prices`), which is few enough to name spans with.
 *
 * This reads tokens, not SQL: what it does not know it leaves out of the
 * summary, and whatever looks like a literal it removes.
 */

export interface StatementDescription {
  /** The statement without literals and comments, at most `TEXT_LIMIT` characters. */
  readonly text: string
  /** The first verb, upper case: `SELECT`, `INSERT`, `BEGIN`. */
  readonly operation: string
  /** The operation and the tables it names, at most 255 characters. */
  readonly summary: string
  /** The table, when the statement names exactly one. */
  readonly table: string | undefined
}

const TEXT_LIMIT = 4_096

/** The limit that the semantic conventions set for a summary. */
const SUMMARY_LIMIT = 255

/** Statements whose description is kept. An application has few; a list of parameters that varies in length makes more. */
const KEPT = 500

/** A longer statement is described anew each time: as a key it would cost more memory than it saves work. */
const KEPT_LENGTH = 10_000

const kept = new Map<string, StatementDescription>()

export function describeStatement(statement: string): StatementDescription {
  const known = kept.get(statement)
  if (known !== undefined) return known
  const description = describe(statement)
  if (statement.length <= KEPT_LENGTH) {
    if (kept.size >= KEPT) kept.clear()
    kept.set(statement, description)
  }
  return description
}

/**
 * In order: quoted identifiers (kept), escape strings, strings, dollar-quoted strings, comments, parameters (kept),
 * names (kept), numbers. A string that never closes reaches to the end.
 */
const TOKEN =
  /"(?:[^"]|"")*"|[eE]'(?:[^'\\]|\\.|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|\$([A-Za-z_]\w*)?\$[\s\S]*?(?:\$\1\$|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\$\d+|[A-Za-z_][\w$]*|\d[\w.]*(?:(?<=[eE])[+-]\d+)?/g

function describe(statement: string): StatementDescription {
  const text = statement
    .replaceAll(TOKEN, (token) => {
      if (token.startsWith('--') || token.startsWith('/*')) return ' '
      if (/^(?:[eE]?'|\d)/.test(token) || /^\$(?!\d)/.test(token)) return '?'
      return token
    })
    .replaceAll(/\s+/g, ' ')
    .trim()
  const operation = operationOf(text)
  const tables = tablesOf(text)
  return {
    text: text.slice(0, TEXT_LIMIT),
    operation,
    summary: [operation, ...tables].join(' ').slice(0, SUMMARY_LIMIT),
    table: tables.length === 1 ? tables[0] : undefined,
  }
}

/**
 * A `WITH` query is named after the statement it ends in, not after its parts; one that ends in reading what its parts have
 * written, after the first of them that writes.
 */
function operationOf(text: string): string {
  const first = /^\W*([A-Za-z]+)/.exec(text)?.[1]?.toUpperCase() ?? 'QUERY'
  if (first !== 'WITH') return first
  const last = /\b(SELECT|INSERT|UPDATE|DELETE|MERGE)\b/i.exec(outermost(text))?.[1]?.toUpperCase() ?? first
  return last === 'SELECT' ? (/\bAS \( ?(INSERT|UPDATE|DELETE|MERGE)\b/i.exec(text)?.[1]?.toUpperCase() ?? last) : last
}

/** The text without anything in parentheses. */
function outermost(text: string): string {
  let depth = 0
  let outer = ''
  for (const character of text) {
    if (character === ')') depth--
    if (depth === 0 && character !== ')') outer += character
    if (character === '(') depth++
  }
  return outer
}

const NAME = String.raw`(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)(?![\w$])`

/** A name after a keyword that a table follows, unless it is called like a function. */
const TABLE = new RegExp(
  String.raw`(?<!\b(?:DISTINCT|FOR|KEY|DO)\s)\b(?:FROM|JOIN|INTO|UPDATE|TABLE|COPY)\s+(?:ONLY\s+)?(${NAME}(?:\.${NAME})?)(?!\s*\()`,
  'gi',
)

/** `INSERT INTO t (a, b)` and `COPY t (a, b)` look like calls and are none. */
const WRITE_TARGET = new RegExp(String.raw`\b(?:INTO|COPY)\s+(${NAME}(?:\.${NAME})?)`, 'gi')

/** Names that a `WITH` defines. They are parts of the statement and not tables. */
const DEFINED = new RegExp(String.raw`(${NAME})\s+AS\s+(?:(?:NOT\s+)?MATERIALIZED\s+)?\(`, 'gi')

/** Functions whose arguments are separated by FROM. */
const FROM_INSIDE_CALL = /\b(?:EXTRACT|SUBSTRING|TRIM|OVERLAY)\s*\([^()]*\)/gi

const NOT_A_TABLE = /^(?:IF|LATERAL|SELECT|SET|STDIN|STDOUT)$/i

function tablesOf(text: string): string[] {
  const statement = text.replaceAll(FROM_INSIDE_CALL, '')
  const defined = new Set([...statement.matchAll(DEFINED)].map(([, name = '']) => unquoted(name)))
  return [...statement.matchAll(TABLE), ...statement.matchAll(WRITE_TARGET)]
    .toSorted((a, b) => a.index - b.index)
    .map(([, name = '']) => unquoted(name))
    .filter((name, index, all) => all.indexOf(name) === index && !defined.has(name) && !NOT_A_TABLE.test(name))
}

function unquoted(name: string): string {
  return name.replaceAll('"', '')
}
