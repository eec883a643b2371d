import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { html, json, webAddress } from '../report/escape.ts'
import { figure, moment, percent, unbroken } from '../report/format.ts'
import { controlTable, readRun, writeReport } from '../report/index.ts'
import { page } from '../report/page.ts'
import { grouped } from '../src/numbers.ts'
import type { Run, RunFile } from '../src/run-file.ts'
import { broken, flashSale, stampede } from './report-examples.ts'

const MAIN = fileURLToPath(new URL('../report/main.ts', import.meta.url))

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shop-report-test-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** As a person reads it: without what keeps figures on one line. */
const read = (file: RunFile): string => page(file).replaceAll('\u00a0', ' ').replaceAll('&nbsp;', ' ')

/** Which of the texts a page lacks: a page in the message of a test would be read by nobody. */
const missing = (made: string, ...texts: readonly string[]): string[] => texts.filter((text) => !made.includes(text))

/** A file with another first run. */
const withRun = (file: RunFile, change: Partial<Run>): RunFile => {
  const [first, ...others] = file.runs
  return { ...file, runs: first ? [{ ...first, ...change }, ...others] : [] }
}

describe('a figure', () => {
  test.each([
    [0, '0'],
    [0.042, '0.042'],
    [0.9, '0.90'],
    [9.999, '10.0'],
    [99.97, '100'],
    [42_100.4, '42 100'],
    [undefined, '–'],
    [Number.NaN, '–'],
  ])('%s is written as %s', (value, text) => {
    expect(figure(value).replaceAll('\u00a0', ' ')).toBe(text)
  })

  test.each([
    [0.984_2, '98.4 %'],
    [0.999_99, '99.99 %'],
    [0.000_001, '0.01 %'],
    [1, '100 %'],
    [0, '0 %'],
    [0.999_5, '99.95 %'],
  ])('the share %s is written as %s: only all is 100 %%', (share, text) => {
    expect(percent(share).replaceAll('\u00a0', ' ')).toBe(text)
  })

  test('of time is in seconds, and of a run of minutes in minutes and seconds', () => {
    expect([moment(5_000, 90_000), moment(65_000, 600_000), moment(3_725_000, 7_200_000)]).toEqual([
      '5 s',
      '1:05',
      '1:02:05',
    ])
  })

  test('does not end a line', () => {
    expect(unbroken('12 345 ms of 2 s, 97 % in 2 steps')).toBe('12\u00a0345\u00a0ms of 2\u00a0s, 97\u00a0% in 2 steps')
  })
})

describe('what comes from the file', () => {
  const EVIL = '<script>alert(1)</script>"\'><img src=x onerror=alert(1)>'

  test('is escaped, wherever it stands', () => {
    const evil = JSON.parse(JSON.stringify(flashSale()), (name, value) =>
      typeof value === 'string' && !['kind', 'size'].includes(name) ? EVIL : value,
    ) as RunFile
    const made = page(evil)
    expect(made.match(/<script>alert|<img/g)).toBeNull()
    expect(made.match(/<script/g)?.length).toBe(page(flashSale()).match(/<script/g)?.length)
    expect(missing(made, '&lt;script&gt;alert(1)')).toEqual([])
  })

  test('cannot end the element that its figures stand in', () => {
    expect(String(json({ name: '</script><b>' }))).toBe('{"name":"\\u003c/script>\\u003cb>"}')
  })

  test('is a link only if it leads to the web', () => {
    expect(webAddress('http://127.0.0.1:16686/trace/1')).toBe('http://127.0.0.1:16686/trace/1')
    expect(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', ''].map(webAddress)).toEqual(
      Array.from({ length: 4 }),
    )
  })

  test('is text in a template, in lists too, and markup stays markup', () => {
    expect(String(html`<p title="${'"'}">${['<', html`<b>${'&'}</b>`]}${undefined}${false}${0}</p>`)).toBe(
      '<p title="&quot;">&lt;<b>&amp;</b>0</p>',
    )
  })
})

describe('the page', () => {
  test('says the verdict, the conclusion and what was asked', () => {
    const made = read(flashSale())
    const { conclusion, question, workload, expectation } = flashSale()
    expect(missing(made, '✔ kept', conclusion, question, workload, expectation)).toEqual([])
    expect(missing(read(broken()), '✘ broken')).toEqual([])
    expect(missing(read(broken()), '1 of 3 promises are kept, 2 broken.')).toEqual([])
  })

  test('has every promise with its threshold, what was measured, and a word for the sign', () => {
    const made = read(broken())
    const texts = broken().judgements.flatMap(({ promise, threshold, measured }) => [promise, threshold, measured])
    expect(missing(made, ...texts.map((text) => String(html`${text}`)))).toEqual([])
    expect(made.match(/<tr class="broken">/g)).toHaveLength(2)
    expect(made.match(/>broken<\/span><\/td>/g)).toHaveLength(2)
  })

  test('has the totals of every run as the file has them', () => {
    const file = flashSale()
    const made = read(file)
    const cells = (label: string) =>
      [...(made.split(`<th scope="row">${label}</th>`)[1]?.split('</tr>')[0] ?? '').matchAll(/<td>(.*?)<\/td>/g)].map(
        ([, cell]) => cell,
      )
    expect(cells('requests')).toEqual(file.runs.map(({ requests }) => grouped(requests)))
    expect(cells('database queries')).toEqual(file.runs.map(({ queries = 0 }) => grouped(queries)))
    expect(cells('failed')).toEqual(file.runs.map(({ failed }) => grouped(failed)))
    expect(cells('dropped')).toEqual(file.runs.map(({ dropped }) => grouped(dropped)))
    expect(cells('from memory')).toEqual(file.runs.map(({ hits }) => grouped(hits.memory)))
    expect(cells('units sold')).toEqual(['1 000', '1 000', '987', '1 000'])
  })

  test('asks the network for nothing, and its policy forbids it', () => {
    const made = page(flashSale())
    expect(missing(made, 'default-src &#39;none&#39;')).toEqual([])
    const linkless = made.replace(/<a href="[^"]*"/g, '')
    expect(linkless.match(/\b(?:src|href)="(?!data:)|https?:\/\/|@import|url\((?!#)/g)).toBeNull()
  })

  test('has a title and a description in every chart, and no id twice', () => {
    const made = page(flashSale())
    const ids = [...made.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const named = [...made.matchAll(/role="img" aria-labelledby="([^"]+) ([^"]+)"/g)]
    expect(named.length).toBeGreaterThan(20)
    for (const [, title, description] of named) expect(ids).toEqual(expect.arrayContaining([title, description]))
  })

  test('draws only what a browser can draw', () => {
    const paths = [...page(flashSale()).matchAll(/ d="([^"]*)"/g)].map(([, d]) => d)
    expect(paths.filter((d) => !/^(?:[MVHZ]|-?\d+(?:\.\d)?| )*$/.test(d ?? ''))).toEqual([])
    const markup = page(flashSale()).replace(/<(script|style)[\s\S]*?<\/\1>/g, '')
    expect(markup.match(/.{30}(?:NaN|undefined|Infinity|null)/g)).toBeNull()
  })

  test('says that the generator was the bottleneck, and what the machine and the command were', () => {
    const made = read(stampede())
    expect(missing(made, 'The load generator was the bottleneck.')).toEqual([])
    expect(missing(made, 'with changes that are not in it')).toEqual([])
    expect(missing(read(flashSale()), 'The load generator was the bottleneck.')).toHaveLength(1)
    const facts = ['2 cores of AMD EPYC, 24 GiB', '5952433a1b2c', '18.4', '21 November 2026']
    expect(missing(read(flashSale()), ...facts)).toEqual([])
    expect(missing(read(flashSale()).replace(/<[^>]+>/g, ''), flashSale().command)).toEqual([])
  })

  test('of ten minutes with three controls stays below 500 KB', () => {
    expect(Buffer.byteLength(page(flashSale(600)))).toBeLessThan(500_000)
    expect(Buffer.byteLength(page(flashSale(3_600)))).toBeLessThan(500_000)
  })

  test('of one second says that there is no curve, and still compares', () => {
    const made = read(stampede())
    expect(missing(made, 'The load lasted 1 second: too short for a curve.')).toEqual([])
    expect(missing(made, '<figure')).toHaveLength(1)
    expect(missing(made, 'Database queries per 1 000 requests')).toEqual([])
  })

  test('of no second, no request, no promise or no run says so', () => {
    const { runs, ...header } = stampede()
    expect(missing(read({ ...header, judgements: [], runs: [] }), 'No run is in this file.')).toEqual([])
    expect(missing(read({ ...header, judgements: [], runs }), 'No promise was judged in this run.')).toEqual([])
    const idle = withRun({ ...header, runs: runs.slice(0, 1) }, { requests: 0, seconds: [] })
    expect(missing(read(idle), 'No request was made.')).toEqual([])
    expect(missing(read(idle), 'No second of the load was recorded')).toEqual([])
  })

  test('without events, tiers, traces or staleness is made of what there is', () => {
    const bare = JSON.parse(JSON.stringify(flashSale().runs[1])) as Run
    const made = read({ ...flashSale(), runs: [{ ...bare, events: [] }] })
    expect(missing(made, 'No event is in the file of this run.')).toEqual([])
    expect(missing(made, 'No answer of this run came from a tier of the cache.')).toEqual([])
    expect(missing(made, 'Example traces')).toHaveLength(1)
  })

  test('is the same for the same file', () => {
    expect(page(flashSale())).toBe(page(flashSale()))
  })
})

describe('the colours', () => {
  const style = readFileSync(new URL('../report/style/page.css', import.meta.url), 'utf8')
  const schemes = style.split('@media (prefers-color-scheme: dark)').map((part) => {
    return Object.fromEntries(
      [...part.matchAll(/--([a-z0-9-]+): (#[0-9a-f]{6});/g)].map(([, name, hex]) => [name, hex]),
    )
  })

  const luminance = (hex: string): number => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
      return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }

  const contrast = (one = '', other = ''): number => {
    const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
    return (light + 0.05) / (dark + 0.05)
  }

  test.each([
    ['light', schemes[0]],
    ['dark', schemes[1]],
  ])('of the %s scheme are read by everybody: 4.5 for text, 3 for what is drawn', (_scheme, colours = {}) => {
    for (const text of ['ink', 'soft', 'accent', 'kept', 'failed', 'change']) {
      expect([text, contrast(colours[text], colours.paper)]).toEqual([text, expect.toSatisfy((ratio) => ratio >= 4.5)])
    }
    for (const drawn of ['memory', 'redis', 'load', 'stale', 'control-1', 'control-2', 'control-3']) {
      expect([drawn, contrast(colours[drawn], colours.paper)]).toEqual([drawn, expect.toSatisfy((ratio) => ratio >= 3)])
    }
  })
})

describe('the table for a README', () => {
  test('has a column for each run and the figures that the page has', () => {
    const [head, rule, ...rows] = controlTable(flashSale()).split('\n')
    expect(head).toBe('|  | with the cache | cache off | naive get/set | single flight only |')
    expect(rule).toBe('| --- | ---: | ---: | ---: | ---: |')
    expect(rows.map((row) => row.split(' | ')[0])).toEqual([
      '| queries per 1 000 requests',
      '| hit rate',
      '| p50, ms',
      '| p99, ms',
      '| p99.9, ms',
      '| max, ms',
      '| failed',
      '| dropped',
    ])
    expect(rows[6]).toBe(
      `| failed | ${flashSale()
        .runs.map(({ failed }) => grouped(failed))
        .join(' | ')} |`,
    )
  })

  test('keeps its columns whatever a run is called', () => {
    const [head] = controlTable(withRun(flashSale(), { name: 'a|b\n<b>*c*' })).split('\n')
    expect(head).toContain('| a\\|b \\<b\\>\\*c\\* |')
  })

  test('of no run is empty', () => {
    expect(controlTable({ ...flashSale(), runs: [] })).toBe('')
  })
})

describe('the file of a run', () => {
  test('is read as it was written', () => {
    for (const file of [flashSale(), stampede(), broken()]) {
      expect(readRun(JSON.stringify(file))).toEqual(JSON.parse(JSON.stringify(file)))
    }
  })

  test.each([
    ['not JSON', '{', 'It is not JSON.'],
    ['a list', '[]', 'It must be an object.'],
    ['another file', '{"scenario":"x"}', 'title must be a text.'],
    [
      'one without seconds',
      JSON.stringify({ ...flashSale(), runs: [{ name: 'x', events: [] }] }),
      'runs[0].seconds must be a list.',
    ],
    [
      'one with an event of another kind',
      JSON.stringify(withRun(stampede(), { events: [{ atMs: 1, label: 'x', kind: 'other' as never }] })),
      'runs[0].events[0].kind must be one of change, fault, recovery, phase.',
    ],
  ])('is refused when it is %s', (_what, text, message) => {
    expect(() => readRun(text)).toThrow(message)
  })

  test('becomes a page in its folder, which is made if it is not there', () => {
    const path = writeReport(flashSale(), join(folder, 'a/b'))
    expect(path).toBe(join(folder, 'a/b/report.html'))
    expect(readFileSync(path, 'utf8')).toBe(page(flashSale()))
  })
})

describe('the command', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', cwd: folder })

  test('makes the page beside the file and says where', () => {
    writeFileSync(join(folder, 'run.json'), JSON.stringify(stampede()))
    expect(run('run.json')).toMatchObject({ status: 0, stdout: 'report.html\n', stderr: '' })
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toBe(page(stampede()))
  })

  test('says how it is used when the file is missing or is none', () => {
    writeFileSync(join(folder, 'other.json'), '{}')
    for (const args of [[], ['missing.json'], ['other.json'], ['a', 'b', 'c']]) {
      const { status, stdout, stderr } = run(...args)
      expect([args, status, stdout]).toEqual([args, 2, ''])
      expect(stderr).toContain('Usage: node load-tests/report/main.ts <run.json>')
    }
    expect(run('other.json').stderr).toContain('other.json is not the file of a run. scenario must be a text.')
  })
})
