/** promtool, where there is one: on the PATH, or in the image of Prometheus if an engine runs and has it. */

import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'

const IMAGE = 'prom/prometheus:v3.7.3'

export const WITHOUT_PROMTOOL = `skipped: no promtool on the PATH, and no Docker engine that has ${IMAGE}`

/** What it prints; rejects when it is not content. `folder` is all that it sees. */
export type Promtool = (folder: string, ...args: string[]) => Promise<string>

export function findPromtool(): Promtool | undefined {
  if (answers('promtool', '--version')) return (folder, ...args) => run('promtool', args, folder)
  if (!answers('docker', 'image', 'inspect', IMAGE)) return undefined
  return (folder, ...args) => {
    // As the owner of the files, who may be the only one allowed to read them.
    const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
    const container = [
      'run',
      '--rm',
      '--network',
      'none',
      '--user',
      user,
      '--volume',
      `${folder}:/rules:ro`,
      '--workdir',
      '/rules',
    ]
    return run('docker', [...container, '--entrypoint', 'promtool', IMAGE, ...args], folder)
  }
}

function answers(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(command, args, { cwd }).catch(
    (error: Error & { stdout?: string; stderr?: string }) => {
      throw new Error(`${args.join(' ')}\n${error.stdout}${error.stderr}`)
    },
  )
  return stdout + stderr
}
