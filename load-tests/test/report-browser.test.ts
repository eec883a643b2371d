/** The report as a reader has it: opened from its file, in a real browser, on a phone and on a desk, light and dark. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { writeReport } from '../report/index.ts'
import type { RunFile } from '../src/run-file.ts'
import { findBrowser, WITHOUT_BROWSER } from './browser.ts'
import { broken, flashSale, stampede } from './report-examples.ts'

const executablePath = findBrowser()
if (!executablePath) console.warn(WITHOUT_BROWSER)

const LOOK = readFileSync(new URL('./report-look.js', import.meta.url), 'utf8')
const SCREENS = { phone: { width: 360, height: 800 }, desk: { width: 1_280, height: 900 } } as const

type Screen = keyof typeof SCREENS
type Scheme = 'light' | 'dark'

const files = [
  ['a sale with three controls', flashSale()],
  ['one second', stampede()],
  ['broken promises', broken()],
] as const
const views = (['phone', 'desk'] as const).flatMap((screen) =>
  (['light', 'dark'] as const).map((scheme) => [screen, scheme] as const),
)

describe.skipIf(!executablePath)('the report in a browser', () => {
  let folder: string
  let browser: Browser

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shop-report-browser-'))
    browser = await chromium.launch({ executablePath: executablePath as string })
  })

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
  })

  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test.each(files.flatMap(([name, file]) => views.map((view) => [name, ...view, file] as const)))(
    'of %s on a %s, %s: it needs nothing else, and all of it can be read',
    async (_, screen, scheme, file) => {
      expect(await stumblesOf(await open(file, screen, scheme))).toEqual([])
    },
  )

  test('is light or dark, as the reader has it', async () => {
    const [light, dark] = [await brightness('light'), await brightness('dark')]
    expect(light).toBeGreaterThan(200)
    expect(dark).toBeLessThan(60)
  })

  test.each(['phone', 'desk'] as const)(
    'on a %s all that does something is reached by Tab, and does it by the arrow keys',
    async (screen) => {
      const { page } = await open(flashSale(), screen, 'light')
      const wanted = await page.locator('.plot:visible, a:visible, input:checked').count()
      const reached: string[] = []
      for (let at = await tab(page); at !== 'BODY'; at = await tab(page)) reached.push(at)
      expect(reached).toHaveLength(wanted)
      expect([...new Set(reached)].sort()).toEqual(['A', 'DIV', 'INPUT'])

      await page.locator('.plot:visible').last().focus()
      await page.keyboard.press('ArrowRight')
      expect(await page.locator('.read-out:visible').last().textContent()).toMatch(/^0 s\s+heap\s\d/)
      await page.locator('input:checked').focus()
      await page.keyboard.press('ArrowRight')
      expect(await page.locator('.panel:visible').getAttribute('class')).toBe('panel panel-1')
    },
  )

  test('a finger on a chart is told the values there, and still is when it is lifted', async () => {
    const { page } = await open(flashSale(), 'phone', 'light')
    const plot = page.locator('.plot:visible').last()
    await plot.tap()
    expect(await page.locator('.read-out:visible').last().textContent()).toMatch(/^3\d s\s+heap\s\d/)
    await page.locator('h2').last().tap()
    expect(await page.locator('.read-out').allTextContents()).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/./)]),
    )
  })

  const policy = /<meta http-equiv="Content-Security-Policy"[^>]*>/
  const link = '<link rel="stylesheet" href="http://127.0.0.1:9/style.css">'
  test.each<readonly [string, (made: string) => string, RegExp]>([
    ['wider than a phone', (made) => made.replace('</h1>', '</h1><svg width="500" height="9"></svg>'), /pixels wide/],
    ['of pale letters', (made) => made.replace(policy, '').replaceAll('#59616c', '#8f959d'), /contrast of 2\.\d/],
    ['with words over a curve', (made) => made.replaceAll('dx="-8"', 'dx="30"'), /stands over the curves/],
    ['with letters that touch', (made) => made.replaceAll(/(class="tick [^"]*" x=)"[^"]*"/g, '$1"9"'), / touch in /],
    ['without its curves', (made) => made.replaceAll(/<path class="(?:line|area)[^>]*>/g, ''), /has no curve/],
    ['with a style sheet elsewhere', (made) => made.replace('<title>', `${link}<title>`), /Content Security Policy/],
    [
      'with one and no policy',
      (made) => made.replace(policy, link),
      /^It asked for http:\/\/127\.0\.0\.1:9\/style\.css/,
    ],
    ['with a script that fails', (made) => made.replace(policy, '').replace("'.plot'", "'['"), /script failed/],
  ])('%s would be noticed', async (_, spoil, stumble) => {
    const stumbles = await stumblesOf(await open(flashSale(), 'phone', 'light', spoil))
    expect(stumbles).toEqual(expect.arrayContaining([expect.stringMatching(stumble)]))
  })

  /** A page, and what it asked for or complained of. */
  async function open(file: RunFile, screen: Screen, scheme: Scheme, spoil = (made: string) => made) {
    const path = writeReport(file, folder)
    writeFileSync(path, spoil(readFileSync(path, 'utf8')))
    const url = pathToFileURL(path).href
    const page = await browser.newPage({ viewport: SCREENS[screen], colorScheme: scheme, hasTouch: screen === 'phone' })
    const seen: string[] = []
    page.on('request', (request) => request.url() !== url && seen.push(`It asked for ${request.url()}.`))
    page.on('console', (message) => seen.push(`It said: ${message.text()}`))
    page.on('pageerror', (error) => seen.push(`Its script failed: ${error.message}`))
    await page.goto(url)
    return { page, seen }
  }

  /** Of every run: a page shows one at a time. */
  async function stumblesOf({ page, seen }: Awaited<ReturnType<typeof open>>): Promise<readonly string[]> {
    const found = await page.evaluate<string[]>(LOOK)
    for (const run of (await page.locator('.choice label').all()).slice(1)) {
      await run.click()
      found.push(...(await page.evaluate<string[]>(LOOK)))
    }
    return [...found, ...seen]
  }

  /** The element that the next Tab leads to. */
  async function tab(page: Page): Promise<string> {
    await page.keyboard.press('Tab')
    return page.evaluate<string>('document.activeElement.tagName')
  }

  /** Of the corner of a picture of the page: 0 is black, 255 white. */
  async function brightness(scheme: Scheme): Promise<number> {
    const { page } = await open(flashSale(), 'phone', scheme)
    const corner = await page.screenshot({ clip: { x: 1, y: 1, width: 1, height: 1 } })
    return page.evaluate<number>(`(async () => {
      const image = new Image()
      image.src = 'data:image/png;base64,${corner.toString('base64')}'
      await image.decode()
      const pixel = document.createElement('canvas').getContext('2d')
      pixel.drawImage(image, 0, 0)
      const [red, green, blue] = pixel.getImageData(0, 0, 1, 1).data
      return (red + green + blue) / 3
    })()`)
  }
})
