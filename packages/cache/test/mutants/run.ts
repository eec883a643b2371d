/**
 * Breaks the source one rule at a time, in a copy, and runs the one test that must notice.
 *
 *     node packages/cache/test/mutants/run.ts [words of a rule or a fault]
 *
 * Ends with 1 if a mutant survives, if a patch does not fit any more, or if a named test is not there or not green without it.
 * The working tree is only read.
 */

import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { exploreMutant, MODEL_MUTANTS } from '../model/mutants.ts'
import { type Edit, MUTANTS, type Mutant } from './patches.ts'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const PACKAGE = 'packages/cache'

/** Far longer than any of these tests takes; a mutant that hangs is noticed by its own test before that. */
const LONGEST_RUN_MS = 180_000

interface TestEnd {
  readonly name: string
  readonly status: string
  /** The first line of what it failed with. */
  readonly failure: string
}

/** Some tests wait for a load that a mutant does not begin. */
const TEST_TIMEOUT_MS = 12_000

/** A test that notices says so by an expectation, or waits in vain; another error is one of the patch. */
const NOTICED = /^(AssertionError|TestTimeoutError|Error: (It did not come to pass|promise resolved))/

/** What vitest writes, as far as it is read here. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

type Outcome = 'caught' | 'SURVIVED' | string

const HELP = `Breaks the source of @shop/cache one rule at a time, in a copy, and runs the one test that must notice: 5 minutes.

  npm run mutants                          all of them
  npm run mutants -- reset lets            those with these words in their rule or their fault
`
if (process.argv.includes('--help')) {
  process.stdout.write(HELP)
  process.exit(0)
}
const filter = process.argv.slice(2).join(' ').toLowerCase()
const chosen = MUTANTS.filter(({ off, fault }) => `${off.join(' ')} ${fault}`.toLowerCase().includes(filter))
if (chosen.length === 0) {
  process.stderr.write(`No mutant has "${filter}" in its rule or its fault.\n`)
  process.exit(1)
}

const workspace = await mkdtemp(join(tmpdir(), 'mutants-'))
try {
  const copy = await copyPackage()
  const green = await testsThatPass(copy, chosen)
  const rows: (readonly [string, string, string, Outcome, string])[] = []
  for (const mutant of chosen) {
    const outcome = green.has(nameOf(mutant)) ? await run(copy, mutant) : 'its test is missing, or fails without it'
    const row = [mutant.off.join(' '), modelOf(mutant), mutant.fault, outcome, mutant.caughtBy.test] as const
    rows.push(row)
    process.stdout.write(`${line(row)}\n`)
  }
  const survivors = rows.filter(([, , , outcome]) => outcome !== 'caught')
  process.stdout.write(`\n${rows.length - survivors.length} of ${rows.length} caught\n`)
  process.exitCode = survivors.length > 0 ? 1 : 0
} finally {
  await rm(workspace, { recursive: true, force: true })
}

/** The package and what it inherits, with the dependencies of the tree linked. */
async function copyPackage(): Promise<string> {
  const copy = join(workspace, PACKAGE)
  const isSource = (path: string): boolean =>
    !/\/(node_modules|report|dist|\.turbo)(\/|$)/.test(path.slice(ROOT.length - 1))
  await cp(join(ROOT, PACKAGE), copy, { recursive: true, filter: isSource })
  await cp(join(ROOT, 'packages/tsconfig'), join(workspace, 'packages/tsconfig'), { recursive: true, filter: isSource })
  await symlink(join(ROOT, 'node_modules'), join(workspace, 'node_modules'))
  // Its own, so that caches are written here.
  await mkdir(join(copy, 'node_modules'))
  return copy
}

async function testsThatPass(copy: string, mutants: readonly Mutant[]): Promise<Set<string>> {
  const passed = new Set<string>()
  for (const file of new Set(mutants.map(({ caughtBy }) => caughtBy.file))) {
    const names = mutants.filter(({ caughtBy }) => caughtBy.file === file).map(({ caughtBy }) => caughtBy.test)
    const ends = await vitest(copy, file, names)
    for (const end of ends) if (end.status === 'passed') passed.add(`${file} ${end.name}`)
  }
  return passed
}

function nameOf({ caughtBy }: Mutant): string {
  return `${caughtBy.file} ${caughtBy.test}`
}

async function run(copy: string, mutant: Mutant): Promise<Outcome> {
  const originals = new Map<string, string>()
  try {
    for (const edit of mutant.edits) await apply(copy, edit, originals)
    const ends = await vitest(copy, mutant.caughtBy.file, [mutant.caughtBy.test])
    const end = ends.find(({ name }) => name === mutant.caughtBy.test)
    if (!end) return 'the mutant does not run: its test was not reached'
    if (end.status !== 'failed') return 'SURVIVED'
    return NOTICED.test(end.failure) ? 'caught' : `its test fails for another reason: ${end.failure}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    for (const [path, text] of originals) await writeFile(path, text)
  }
}

async function apply(copy: string, { file, find, replace }: Edit, originals: Map<string, string>): Promise<void> {
  const path = join(copy, file)
  const text = await readFile(path, 'utf8')
  const found = text.split(find).length - 1
  if (found !== 1) throw new Error(`its patch fits ${found} places of ${file}`)
  if (!originals.has(path)) originals.set(path, text)
  await writeFile(
    path,
    text.replace(find, () => replace),
  )
}

/** Runs the tests of these full names, and only them. */
async function vitest(copy: string, file: string, names: readonly string[]): Promise<readonly TestEnd[]> {
  const output = join(workspace, 'report.json')
  await rm(output, { force: true })
  const pattern = names.map((name) => `^${name.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')}$`).join('|')
  const args = [
    join(ROOT, 'node_modules/vitest/vitest.mjs'),
    ...[
      'run',
      file,
      '-t',
      pattern,
      '--reporter=json',
      `--outputFile=${output}`,
      '--no-color',
      `--testTimeout=${TEST_TIMEOUT_MS}`,
    ],
  ]
  const child = spawn(process.execPath, args, { cwd: copy, stdio: 'ignore', timeout: LONGEST_RUN_MS })
  await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  const report: Report = JSON.parse(await readFile(output, 'utf8'))
  return report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status, failureMessages }) => ({
      name: [...ancestorTitles, title].join(' > '),
      status,
      failure: failureMessages[0]?.split('\n')[0] ?? '',
    })),
  )
}

/** How the model finds the same fault. */
function modelOf({ off }: Mutant): string {
  const mutant = MODEL_MUTANTS.find((each) => each.off.join() === off.join())
  const { trace, states } = mutant ? exploreMutant(mutant) : { trace: undefined, states: 0 }
  return trace ? `${trace.steps.length} steps, ${states} states` : 'not found'
}

function line([off, model, fault, outcome, test]: readonly string[]): string {
  return `${off?.padEnd(34)} ${model?.padEnd(24)} ${fault?.padEnd(56)} ${outcome}: ${test}`
}
