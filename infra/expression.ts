/**
 * Which metrics and labels an expression of Prometheus names. No parser, but the few rules that tell a metric from
 * anything else that is a word: whether the expression is one at all, promtool says.
 */

export interface Named {
  /** The metrics, with the labels that are asked of each. */
  readonly selected: ReadonlyMap<string, ReadonlySet<string>>
  /** The labels that results are grouped or matched by. */
  readonly grouped: ReadonlySet<string>
}

const TEXT = /"(?:[^"\\]|\\.)*"/g
const TOKEN = /[a-zA-Z_:][\w:]*|\{[^}]*\}|\[[^\]]*\]|\d[\w.]*|\S/g
const GROUPING = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'])
const OTHER_WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'Inf', 'NaN'])

export function namedIn(expression: string): Named {
  const tokens = expression.replaceAll(TEXT, '""').match(TOKEN) ?? []
  const selected = new Map<string, Set<string>>()
  const grouped = new Set<string>()
  let inList = false
  for (const [place, token] of tokens.entries()) {
    const next = tokens[place + 1]
    if (token === ')') inList = false
    if (!/^[a-zA-Z_:]/.test(token) || OTHER_WORDS.has(token)) continue
    if (inList) grouped.add(token)
    else if (GROUPING.has(token)) inList = next === '('
    else if (next !== '(' && next !== 'by' && next !== 'without') {
      const labels = selected.get(token) ?? new Set()
      if (next?.startsWith('{')) for (const [label] of next.matchAll(/[a-zA-Z_]\w*/g)) labels.add(label)
      selected.set(token, labels)
    }
  }
  return { selected, grouped }
}

/** The labels that a legend or a summary shows: `{{http_route}}`, `{{ $labels.instance }}`. */
export function shownLabels(text: string): readonly string[] {
  return [...text.matchAll(/\{\{\s*(?:\$labels\.)?([a-zA-Z_]\w*)[^}]*\}\}/g)].flatMap(([, label = '']) => label)
}
