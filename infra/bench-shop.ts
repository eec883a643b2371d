/**
 * A shop in containers that is measured from outside: one API and the edge, each with its address and the processor time
 * that it has used.
 *
 * Both are asked at the address of their container where this machine has a way there, as Linux does. A published port
 * leads through a process of the engine that copies each byte: its time would be nobody's, and it would be the bottleneck.
 */

import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '@shop/local-stack'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FILES = ['--file', 'docker-compose.yml', '--file', 'infra/edge-bench.yml']
const START_LIMIT_S = '180'
const CONNECT_LIMIT_MS = 2_000

/** Version 2 of control groups, in microseconds; version 1, in nanoseconds. */
const CPU_TIME = 'cat /sys/fs/cgroup/cpu.stat 2>/dev/null || cat /sys/fs/cgroup/cpuacct/cpuacct.usage'

const run = promisify(execFile)

export interface Measured {
  readonly url: string
  /** Whether nothing stands between it and who asks. */
  readonly isDirect: boolean
  /** Seconds of processor time since it was started. */
  cpuTime(): Promise<number>
}

export interface BenchShop extends AsyncDisposable {
  readonly api: Measured
  readonly edge: Measured
  /** What Varnish has been asked for, and how much of it it had. */
  edgeCounters(): Promise<{ readonly requests: number; readonly hits: number }>
  edgeVersion(): Promise<string>
}

/** Both on `core`, where the engine is to keep them to one. */
export async function startBenchShop(core: number): Promise<BenchShop> {
  const project = `shop-bench-${process.pid}`
  const environment = {
    ...process.env,
    BENCH_CORE: `${core}`,
    // As it would be run, and as `npm run bench:http` has it.
    LOG_LEVEL: 'warn',
    TRACE_SAMPLE_RATIO: '0.01',
    // So that nothing ages while something else has its turn.
    EDGE_MAX_AGE_S: '3600',
    // Another shop may run here.
    API_PORTS: `${await anyPort()}`,
    EDGE_PORT: `${await anyPort()}`,
  }
  const compose = async (...args: string[]): Promise<string> => {
    const command = ['compose', '--project-name', project, ...FILES, ...args]
    return (await run('docker', command, { cwd: ROOT, env: environment })).stdout.trim()
  }
  const down = async () => void (await compose('down', '--volumes', '--timeout', '5'))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void down().finally(() => process.exit(130)))
  }
  try {
    await compose('build', 'api')
    await compose('up', '--wait', '--wait-timeout', START_LIMIT_S, '--no-build', 'edge')
    const measured = async (service: string, port: number): Promise<Measured> => ({
      ...(await addressOf(compose, service, port)),
      cpuTime: async () => secondsOf(await compose('exec', '-T', service, 'sh', '-c', CPU_TIME)),
    })
    return {
      api: await measured('api', 3_000),
      edge: await measured('edge', 8_080),
      async edgeCounters() {
        const fields = ['-f', 'MAIN.client_req', '-f', 'MAIN.cache_hit']
        const said = await compose('exec', '-T', 'edge', 'varnishstat', '-n', '/run/edge/edge', '-1', ...fields)
        return { requests: counter(said, 'client_req'), hits: counter(said, 'cache_hit') }
      },
      edgeVersion: () =>
        compose('exec', '-T', 'edge', 'sh', '-c', 'varnishd -V 2>&1 | sed -n "s/^varnishd (\\(.*\\) rev.*/\\1/p"'),
      [Symbol.asyncDispose]: down,
    }
  } catch (error) {
    await down()
    throw error
  }
}

/** Below those that the system gives to others until these are used. */
function anyPort(): Promise<number> {
  return freePort(randomInt(20_000, 30_000))
}

type Compose = (...args: string[]) => Promise<string>

async function addressOf(compose: Compose, service: string, port: number) {
  const container = await compose('ps', '--quiet', service)
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}'
  const address = (await run('docker', ['inspect', '--format', format, container])).stdout.trim()
  if (await answers(address, port)) return { url: `http://${address}:${port}`, isDirect: true }
  return { url: `http://${await compose('port', service, `${port}`)}`, isDirect: false }
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_LIMIT_MS })
    const end = (isThere: boolean) => {
      socket.destroy()
      resolve(isThere)
    }
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false))
  })
}

function secondsOf(said: string): number {
  const microseconds = /^usage_usec (\d+)/m.exec(said)?.[1]
  const seconds = microseconds === undefined ? Number(said) / 1e9 : Number(microseconds) / 1e6
  if (!(seconds > 0)) throw new Error(`The processor time of a container cannot be read: ${said}`)
  return seconds
}

function counter(said: string, name: string): number {
  const value = Number(new RegExp(`^MAIN\\.${name}\\s+(\\d+)`, 'm').exec(said)?.[1])
  if (!Number.isFinite(value)) throw new Error(`varnishstat does not say ${name}: ${said}`)
  return value
}
