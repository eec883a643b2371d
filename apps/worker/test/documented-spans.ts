/** The tables of `docs/telemetry.md`, read as what spans may be, and where they are not. */

import { readFileSync } from 'node:fs'
import type { RecordedSpan } from '@shop/telemetry/testing'

type Row = Readonly<Record<string, string>>

export interface Documented {
  readonly spans: readonly Row[]
  readonly attributes: readonly Row[]
  readonly events: readonly Row[]
}

export function readDocumented(): Documented {
  const page = readFileSync(new URL('../../../docs/telemetry.md', import.meta.url), 'utf8')
  return {
    spans: tableOf(page, 'Spans'),
    attributes: tableOf(page, 'Attributes'),
    events: tableOf(page, 'Events'),
  }
}

/** The rows of the first table below a heading, by the heads of its columns. */
function tableOf(page: string, heading: string): Row[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  const lines = section.split('\n## ')[0]?.split('\n') ?? []
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  const [heads = [], , ...rows] = lines.filter((line) => line.startsWith('|')).map(cells)
  return rows.map((row) => Object.fromEntries(heads.map((head, index) => [head, row[index] ?? ''])))
}

/** What of a span the page does not have: its name, an attribute, the type of one, an event. Empty for most. */
export function undocumented({ spans, attributes, events }: Documented, span: RecordedSpan): string[] {
  const group = groupOf(span)
  const isKnown = spans.some((row) => row.of === group && row.kind === span.kind && patternOf(row.span).test(span.name))
  const wrong = Object.entries(span.attributes).flatMap(([name, value]) => {
    const row = attributes.find(({ attribute }) => attribute === `\`${name}\``)
    if (row === undefined || !listOf(row.on).includes(group)) return [`${group}: ${name}`]
    return isOfType(row.type, value) ? [] : [`${group}: ${name} is no ${row.type}: ${value}`]
  })
  const said = span.events.flatMap(({ name, attributes }) => {
    const row = events.find(({ event }) => event === `\`${name}\``)
    if (row === undefined) return [`${group}: event ${name}`]
    const on = row.on === 'any span around it' || listOf(row.on).includes(group) ? [] : [`${group}: event ${name}`]
    const more = Object.keys(attributes).filter((key) => !row.attributes?.includes(`\`${key}\``))
    return [...on, ...more.map((key) => `event ${name}: ${key}`)]
  })
  return [...(isKnown ? [] : [`${group}: ${span.kind} ${span.name}`]), ...wrong, ...said]
}

export function isDocumentedName({ spans }: Documented, name: string): boolean {
  return spans.some((row) => patternOf(row.span).test(name))
}

/** As the column `of` calls it. */
function groupOf({ name, kind, attributes }: RecordedSpan): string {
  if (kind === 'server') return 'request'
  if (attributes['db.system.name'] === 'postgresql') return 'statement'
  if (attributes['db.system.name'] === 'redis') return 'command'
  return name.startsWith('cache ') ? name.split(' ').slice(0, 2).join(' ') : name
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  METHOD: '[A-Z]+',
  route: '/[a-z{}/.-]*',
  OPERATION: '[A-Z]+',
  tables: '[a-z0-9_. ]+',
  COMMAND: '[A-Z]+',
  script: '[a-z0-9-]+',
  resource: '[a-z-]+',
}

function patternOf(cell = ''): RegExp {
  return new RegExp(
    `^${cell.replaceAll('`', '').replaceAll(/<(\w+)>/g, (_, name: string) => PLACEHOLDERS[name] ?? '')}$`,
  )
}

function listOf(cell = ''): string[] {
  return cell.split(', ')
}

function isOfType(type = '', value: unknown): boolean {
  if (type === 'int') return Number.isInteger(value)
  return typeof value === (type === 'double' ? 'number' : type)
}
