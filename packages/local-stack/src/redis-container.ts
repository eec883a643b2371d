/**
 * A Redis in a Docker container, for machines that have an engine but no Redis. The container goes when it stops.
 */

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { connect } from 'node:net'

import { dockerFailed, portTaken } from './errors.ts'
import { onPort } from './port.ts'
import { markOf, until } from './processes.ts'
import { CACHE_ARGS, type RedisOptions } from './redis.ts'
import { dockerAnswers, REDIS_IMAGE } from './redis-search.mjs'
import type { RunningServer, ServerExit } from './server-process.ts'

const READY_LIMIT_MS = 20_000

/** Whether the image has to be downloaded first, which takes a while. */
export async function redisImageMissing(): Promise<boolean> {
  return (await docker(['image', 'inspect', REDIS_IMAGE])).code !== 0
}

/** As startRedis, in a container named after the directory; one that an earlier start left is removed first. */
export async function startRedisContainer(options: RedisOptions): Promise<RunningServer> {
  mkdirSync(options.dir, { recursive: true })
  const name = containerOf(options.dir)
  await docker(['rm', '--force', name])

  return onPort(options.port, async (port) => {
    const place = ['--name', name, '--publish', `127.0.0.1:${port}:6379`]
    const command = ['redis-server', ...CACHE_ARGS, ...(options.args ?? [])]
    const { code, output } = await docker(['run', '--detach', '--rm', ...place, REDIS_IMAGE, ...command])
    if (code !== 0) {
      await docker(['rm', '--force', name]) // A container whose port is taken stays, created and unstarted.
      throw /port is already allocated|address already in use/i.test(output)
        ? portTaken('Redis', port)
        : dockerFailed('run', output)
    }
    await answering(name, port)
    return containerServer(name, port)
  })
}

/** Removes the container of a directory, should there be one. */
export async function removeRedisContainer(directory: string): Promise<void> {
  if (existsSync(directory) && (await dockerAnswers())) await docker(['rm', '--force', containerOf(directory)])
}

async function answering(name: string, port: number): Promise<void> {
  const deadline = performance.now() + READY_LIMIT_MS
  while (!(await pongs(port))) {
    if (performance.now() < deadline) continue
    const { output } = await docker(['logs', name])
    await docker(['rm', '--force', name])
    throw dockerFailed('run', output)
  }
}

async function containerServer(name: string, port: number): Promise<RunningServer> {
  const { output } = await docker(['inspect', '--format', '{{.State.Pid}}', name])
  let ended = false
  const exited = docker(['wait', name]).then(({ output: code }): ServerExit => {
    ended = true
    return { code: Number(code.trim()) || 0, signal: null }
  })
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: Number(output.trim()),
    exited,
    async stop() {
      await docker(['rm', '--force', name])
      await until(() => ended, 10_000)
    },
    // Through the engine: its processes may live in a virtual machine.
    kill(signal) {
      void docker(['kill', '--signal', signal, name])
    },
  }
}

function containerOf(directory: string): string {
  return `${markOf(realpathSync(directory))}-redis`
}

function docker(args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile('docker', args, (error, stdout, stderr) =>
      resolve({ code: error ? 1 : 0, output: error ? `${stdout}${stderr}` : stdout }),
    )
  })
}

/** Whether a Redis answers there. */
function pongs(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const end = (result: boolean) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(500, () => end(false))
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (chunk) => end(chunk.toString('latin1').startsWith('+PONG')))
  })
}
