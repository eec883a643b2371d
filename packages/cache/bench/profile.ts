/** Where the time of a case goes: self time by function, as shares of all that was not idle. */

import { Session } from 'node:inspector/promises'

import type { Run } from './case.ts'

/** Long enough for thousands of samples, short enough to wait for. */
const TURNS_MS = 3_000
const INTERVAL_US = 200
const SHOWN = 20

interface Frame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

/** Profiles turns of the candidate and says what it has seen. */
export const profileOf =
  (say: (line: string) => void): Run['profile'] =>
  async (turn, prepare) => {
    const session = new Session()
    session.connect()
    try {
      await session.post('Profiler.enable')
      await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US })
      await session.post('Profiler.start')
      const startedAt = performance.now()
      while (performance.now() - startedAt < TURNS_MS) {
        await prepare?.()
        await turn()
      }
      const { profile } = await session.post('Profiler.stop')
      const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
      for (const line of shares(profile.samples ?? [], profile.timeDeltas ?? [], frames)) say(line)
    } finally {
      session.disconnect()
    }
  }

/** What the inspector itself takes, when it starts and stops, is nobody's. */
const NOT_OURS = /^(\(idle\)|\(root\)|post .*inspector)/

function shares(
  samples: readonly number[],
  deltas: readonly number[],
  frames: ReadonlyMap<number, Frame>,
): readonly string[] {
  const taken = new Map<string, number>()
  let all = 0
  for (const [i, id] of samples.entries()) {
    const name = nameOf(frames.get(id))
    if (NOT_OURS.test(name)) continue
    const delta = deltas[i] ?? 0
    taken.set(name, (taken.get(name) ?? 0) + delta)
    all += delta
  }
  const top = [...taken].sort(([, a], [, b]) => b - a).slice(0, SHOWN)
  return top.map(([name, time]) => `    ${((100 * time) / all).toFixed(1).padStart(5)} %  ${name}`)
}

/** Such as `decodeEntry  src/codec.ts:73`: paths from the package on, or from the dependency on. */
function nameOf(frame: Frame | undefined): string {
  if (!frame) return '(unknown)'
  const { functionName, url, lineNumber } = frame
  const place = url.replace(/^.*\/(node_modules|packages\/cache)\//, '')
  return `${functionName || '(anonymous)'}${place ? `  ${place}:${lineNumber + 1}` : ''}`
}
