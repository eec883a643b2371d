/** The source files of the repository, and what each imports, types included: a knot of types is still a knot. */

import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { parseSync } from 'vite'

export const root = fileURLToPath(new URL('../../../', import.meta.url))

const IGNORED = /(^|\/)(node_modules|report|dist|\.turbo|\.shop|\.vitest|coverage)\//

/** Paths from the root that match the pattern, sorted. */
export function files(pattern: string): string[] {
  return globSync(pattern, { cwd: root })
    .filter((file) => !IGNORED.test(file))
    .sort()
}

export function read(file: string): string {
  return readFileSync(root + file, 'utf8')
}

/** TypeScript files that are the product: not tests, suites, benchmarks or what only they use. */
export function productFiles(): string[] {
  return files('{apps,packages}/*/src/**/*.ts').filter((file) => !/\.(test|suite|test-d)\.ts$/.test(file))
}

/** What a file imports or re-exports from, as written. */
export function importsOf(file: string): string[] {
  const { program } = parseSync(file, read(file))
  const found = program.body.flatMap((node) => ('source' in node && node.source ? [node.source.value] : []))
  return [...new Set(found)]
}

/** The code without its comments. */
export function codeOf(file: string): string {
  const text = read(file)
  const { comments } = parseSync(file, text)
  return comments.reduceRight((code, { start, end }) => code.slice(0, start) + code.slice(end), text)
}
