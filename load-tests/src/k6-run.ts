/**
 * One run of a script: k6 as a child, its answers and counters while it runs, its figures at the end.
 *
 * While it runs it writes a line for each answer (lib/visit.ts), and answers questions through its own REST API
 * (`GET /v1/metrics/<name>`); at the end it writes one line of JSON (lib/summary.ts).
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from '@shop/local-stack'

import { ask } from './client.ts'
import { k6Failed } from './errors.ts'
import type { K6 } from './k6.ts'

const HOME = fileURLToPath(new URL('..', import.meta.url))
const HOME_IN_CONTAINER = '/load-tests'

/** k6 ends with it when a threshold was crossed: the run itself was in order. */
const THRESHOLDS_CROSSED = 99

/** What a line of an answer begins with, see lib/visit.ts. */
const ANSWER_MARK = '@'

const MOST_LINES = 50

export interface K6Figures {
  readonly values: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly thresholds: readonly { readonly metric: string; readonly threshold: string; readonly kept: boolean }[]
}

export interface K6Run {
  /** Of the process, whose processor time is the generator's. Absent in a container. */
  readonly pid: number | undefined
  /** What a counter or a gauge stands at; 0 before it was first raised, and when the run is over. */
  counter(name: string): Promise<number>
  /** Rejects with K6_FAILED when the run did not come to its end. */
  readonly finished: Promise<K6Figures>
  /** Ends it at once. Stopping twice, or after its end, is not an error. */
  stop(): Promise<void>
}

export interface K6Options {
  readonly k6: K6
  /** Such as `scenarios/stampede.ts`. */
  readonly script: string
  readonly settings: Readonly<Record<string, string>>
  /** The folder of what the settings name, and of the dashboard. */
  readonly folder: string
  /** Where k6 writes its own page when the run is over, which must have lasted for three seconds. */
  readonly dashboard?: string | undefined
  /** A line of an answer, without its mark. */
  readonly onAnswer: (line: string) => void
}

export async function startK6({ k6, script, settings, folder, dashboard, onAnswer }: K6Options): Promise<K6Run> {
  const address = `127.0.0.1:${await freePort()}`
  const args = [
    ...['run', '--quiet', '--no-color', '--no-usage-report', '--log-format', 'raw', '--address', address],
    ...Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    script,
  ]
  const name = `shop-k6-${process.pid}-${address.split(':')[1]}`
  const folders = [folder, ...(dashboard === undefined ? [] : [dirname(dashboard)])]
  const own = dashboardSettings(dashboard)
  const child = spawn(...commandLine(k6, { name, args, folders, own }), {
    cwd: HOME,
    env: { ...environment(), ...own },
    // A group of its own: Ctrl-C reaches the starter, which stops everything in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const finished = figures(child, onAnswer)
  finished.catch(() => undefined) // Whoever waits for it hears of it; nobody must have to.
  return {
    pid: k6.type === 'binary' ? child.pid : undefined,
    finished,

    async counter(metric) {
      const answer = await ask(`http://${address}/v1/metrics/${metric}`).catch(() => undefined)
      return answer?.status === 200 ? countOf(answer.body) : 0
    },

    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      if (k6.type === 'container') execFileSync('docker', ['rm', '--force', name], { stdio: 'ignore' })
      child.kill('SIGKILL')
      await finished.catch(() => undefined)
    },
  }
}

interface Command {
  readonly name: string
  readonly args: readonly string[]
  readonly folders: readonly string[]
  readonly own: Readonly<Record<string, string>>
}

function commandLine(k6: K6, { name, args, folders, own }: Command): [command: string, args: string[]] {
  if (k6.type === 'binary') return [k6.command, [...args]]
  // As the owner of the files, who may be the only one allowed to read them.
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
  const container = ['run', '--rm', '--name', name, '--network', 'host', '--user', user]
  const place = ['--volume', `${HOME}:${HOME_IN_CONTAINER}:ro`, '--workdir', HOME_IN_CONTAINER]
  const others = folders.flatMap((folder) => ['--volume', `${folder}:${folder}`])
  const variables = Object.entries(own).flatMap(([variable, value]) => ['--env', `${variable}=${value}`])
  return ['docker', [...container, ...place, ...others, ...variables, k6.image, ...args]]
}

/** Its page is written, and nothing listens for a browser. */
function dashboardSettings(file: string | undefined): Record<string, string> {
  if (file === undefined) return {}
  return {
    K6_WEB_DASHBOARD: 'true',
    K6_WEB_DASHBOARD_EXPORT: file,
    K6_WEB_DASHBOARD_PERIOD: '1s',
    K6_WEB_DASHBOARD_PORT: '-1',
  }
}

/** Variables of k6 that a person has set for other work would change the scenario without a word. */
function environment(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('K6_'))
  // A scenario imports nothing that k6 does not have, so k6 need not go looking for a build that has it.
  return { ...Object.fromEntries(others), K6_AUTO_EXTENSION_RESOLUTION: 'false' }
}

function figures(child: ChildProcess, onAnswer: (line: string) => void): Promise<K6Figures> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = []
    const err: string[] = []
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
    if (child.stderr) {
      createInterface({ input: child.stderr }).on('line', (line) => {
        if (line.startsWith(ANSWER_MARK)) onAnswer(line.slice(ANSWER_MARK.length))
        // Each failing visit may say so here, and the end is what is shown.
        else if (err.push(line) > MOST_LINES) err.shift()
      })
    }
    child.once('error', (error) => reject(k6Failed(`did not start (${error.message})`, '')))
    child.once('close', (code, signal) => {
      const text = Buffer.concat(out).toString('utf8')
      const found = code === 0 || code === THRESHOLDS_CROSSED ? figuresIn(text) : undefined
      if (found) resolve(found)
      else reject(k6Failed(`ended with ${signal ?? code}`, `${err.join('\n')}\n${text}`))
    })
  })
}

/** The line of lib/summary.ts. Other lines are of k6 or of Docker. */
export function figuresIn(output: string): K6Figures | undefined {
  const line = output.split('\n').find((candidate) => candidate.startsWith('{"values":'))
  return line === undefined ? undefined : (JSON.parse(line) as K6Figures)
}

function countOf(body: unknown): number {
  const { data } = body as { data?: { attributes?: { sample?: { count?: number; value?: number } } } }
  return data?.attributes?.sample?.count ?? data?.attributes?.sample?.value ?? 0
}
