import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { findBrowser } from './browser.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shop-browser-test-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A program that prints one line, whatever it is asked. */
function program(name: string, line: string): string {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\necho '${line}'\n`)
  chmodSync(path, 0o755)
  return path
}

test('the one that CHROMIUM names comes before those on the PATH', () => {
  const named = program('mine', 'Google Chrome 150.0.1.2')
  const onPath = program('chromium', 'Chromium 150.0.1.2')
  expect(findBrowser({ CHROMIUM: named, PATH: folder })).toBe(named)
  expect(findBrowser({ CHROMIUM: '', PATH: `/nowhere:${folder}` })).toBe(onPath)
})

test('one that CHROMIUM names and that is none is refused, not replaced', () => {
  program('chromium', 'Chromium 150.0.1.2')
  const other = program('other', 'Firefox 150.0')
  for (const named of [other, join(folder, 'missing')]) {
    expect(() => findBrowser({ CHROMIUM: named, PATH: folder })).toThrow(/is no Chromium and no Chrome/)
  }
})

test('one that only says how to install it is passed over', () => {
  program('chromium-browser', 'Install it with: snap install chromium')
  expect(findBrowser({ PATH: folder })).toBeUndefined()
  const chrome = program('google-chrome', 'Google Chrome 150.0.1.2 ')
  expect(findBrowser({ PATH: folder })).toBe(chrome)
})
