/**
 * Reads what `/metrics` answers, and refuses whatever the formats forbid: for tests.
 *
 * It keeps the rules of the text format 0.0.4 and of OpenMetrics 1.0.0 that a scrape can break: the grammar of a line; the
 * lines of a family together and after its type; no series twice; suffixes by kind; buckets that never fall and end with
 * the count; units that are the end of the name; exemplars only at buckets, below their bound, of at most 128 characters;
 * `# EOF` at the end and nowhere else.
 */

export interface ReadSample {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
  readonly exemplar: { readonly labels: ReadonlyMap<string, string>; readonly value: number } | undefined
}

export interface ReadFamily {
  readonly kind: string
  readonly samples: ReadSample[]
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"'
const LABELS = `\\{(?:${LABEL}(?:,${LABEL})*)?\\}`
const NUMBER = '(?:[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?|[+-]Inf|NaN)'
const SAMPLE = new RegExp(`^(${NAME})(${LABELS})? (${NUMBER})(?: # (${LABELS}) (${NUMBER}) (${NUMBER}))?$`)
const DESCRIPTION = new RegExp(`^# (TYPE|UNIT|HELP) (${NAME}) (.*)$`)

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  gauge: [''],
  counter: ['_total'],
  info: ['_info'],
  histogram: ['_bucket', '_sum', '_count'],
}

/** By the name of the family. Throws at the first rule that is broken. */
export function readExposition(text: string, format: 'text' | 'openmetrics'): Map<string, ReadFamily> {
  const isOpen = format === 'openmetrics'
  const families = new Map<string, ReadFamily>()
  const seen = new Set<string>()
  let current: [name: string, family: ReadFamily] | undefined
  require(text.endsWith('\n'), 'the last line has no end')
  const lines = text.slice(0, -1).split('\n')
  if (isOpen) require(lines.pop() === '# EOF', 'it does not end with # EOF')
  for (const line of lines) {
    const [, keyword, described, rest] = DESCRIPTION.exec(line) ?? []
    if (keyword === 'TYPE') {
      require(!families.has(described as string), `a family is in two places: ${line}`)
      require(rest !== undefined && rest in SUFFIXES, `no kind: ${line}`)
      current = [described as string, { kind: rest as string, samples: [] }]
      families.set(...current)
    } else if (keyword !== undefined) {
      require(current?.[0] === described && current?.[1].samples.length === 0, `not where it belongs: ${line}`)
      if (keyword === 'UNIT')
        require(isOpen && `${described}`.endsWith(`_${rest}`), `a unit that is not in the name: ${line}`)
      if (keyword === 'HELP') require(/^(?:[^\\]|\\[\\n"])*$/.test(rest ?? ''), `not escaped: ${line}`)
    } else {
      const sample = readSample(line)
      require(current !== undefined, `no type before it: ${line}`)
      const [name, { kind, samples }] = current as [string, ReadFamily]
      const suffixes = !isOpen && kind === 'counter' ? [''] : (SUFFIXES[kind] ?? [])
      require(suffixes.some((suffix) => sample.name === `${name}${suffix}`), `of another family: ${line}`)
      const series = `${sample.name}{${[...sample.labels].map(([label, value]) => `${label}=${value}`).sort()}}`
      require(!seen.has(series), `a series is there twice: ${line}`)
      seen.add(series)
      if (sample.exemplar) checkExemplar(sample, isOpen, line)
      samples.push(sample)
    }
  }
  for (const [name, { kind, samples }] of families) if (kind === 'histogram') checkBuckets(name, samples)
  return families
}

function readSample(line: string): ReadSample {
  const [matched, name = '', labels, value, exemplarLabels, exemplarValue] = SAMPLE.exec(line) ?? []
  require(matched !== undefined, `no sample: ${line}`)
  return {
    name,
    labels: readLabels(labels),
    value: readNumber(value),
    exemplar:
      exemplarLabels === undefined
        ? undefined
        : { labels: readLabels(exemplarLabels), value: readNumber(exemplarValue) },
  }
}

function readLabels(labels = ''): Map<string, string> {
  const read = new Map<string, string>()
  for (const [, name = '', value = ''] of labels.matchAll(/([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"/g)) {
    require(!read.has(name), `a label is there twice: ${labels}`)
    read.set(
      name,
      value.replaceAll(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped)),
    )
  }
  return read
}

function readNumber(text = ''): number {
  return Number(text.replace('Inf', 'Infinity'))
}

function checkExemplar({ name, labels, exemplar }: ReadSample, isOpen: boolean, line: string): void {
  const length = [...(exemplar?.labels ?? [])].flat().join('').length
  require(isOpen && name.endsWith('_bucket') && length <= 128, `an exemplar that may not be: ${line}`)
  require((exemplar?.value ?? 0) <= readNumber(labels.get('le')), `an exemplar above its bucket: ${line}`)
}

function checkBuckets(family: string, samples: readonly ReadSample[]): void {
  const bySeries = new Map<string, ReadSample[]>()
  for (const sample of samples) {
    const series = JSON.stringify([...sample.labels].filter(([label]) => label !== 'le').sort())
    bySeries.set(series, [...(bySeries.get(series) ?? []), sample])
  }
  for (const own of bySeries.values()) {
    const buckets = own.filter(({ name }) => name === `${family}_bucket`)
    const bounds = buckets.map(({ labels }) => readNumber(labels.get('le')))
    require(bounds.at(-1) === Number.POSITIVE_INFINITY, `${family}: the last bucket is not +Inf`)
    require(bounds.every((bound, n) => n === 0 || bound > (bounds[n - 1] as number)), `${family}: bounds out of order`)
    require(buckets.every(
      ({ value }, n) => n === 0 || value >= (buckets[n - 1]?.value as number),
    ), `${family}: buckets fall`)
    const count = own.find(({ name }) => name === `${family}_count`)
    require(count?.value === buckets.at(-1)?.value, `${family}: the count is not that of the last bucket`)
    require(own.some(({ name }) => name === `${family}_sum`), `${family}: no sum`)
  }
}

function require(condition: boolean, problem: string): void {
  if (!condition) throw new Error(`Not as the format wants it: ${problem}`)
}
