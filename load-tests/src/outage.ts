/**
 * `npm run outage`: what 64 readers notice when Redis is frozen (SIGSTOP), thawed, killed and restarted.
 *
 * Each reader asks for one of 100 products, again as soon as it has its answer, so a request that hangs is a
 * reader that is stuck. The products are spread so that memory, Redis and Postgres all have work.
 */

import { setTimeout as wait } from 'node:timers/promises'

import { grouped } from './numbers.ts'
import { Samples } from './samples.ts'
import { openShop } from './shop.ts'
import type { Terminal } from './terminal.ts'
import { popularProducts, Visitor } from './visitor.ts'

const READERS = 64
const PRODUCTS = 100
const PROCESSES = 2
/** A request that has had no answer for this long is stuck. */
const STUCK_MS = 3_000

/** Ten million: more than 300 seconds bring. */
const READS_WIDTH = 10

interface Phase {
  readonly name: string
  readonly samples: Samples
  errors: number
  stuck: number
}

export async function outage(
  seconds: number,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  terminal.say(`${READERS} readers, ${PROCESSES} processes, phases of ${seconds} s`)
  await using stack = new AsyncDisposableStack()
  const start = terminal.step('shop')
  start.progress('starting, of its own')
  const shop = await openShop(signal)
  stack.defer(() => shop.close())
  const api = await shop.startApi({ cache: 'on', processes: PROCESSES, signal })
  stack.defer(() => api.stop())

  start.done(`Redis ${shop.redisVersion}, ${grouped(shop.products)} products`)
  const ids = await popularProducts(api.urls[0] as string, PRODUCTS)
  const begun = new Map<number, number>()
  let phase = newPhase('')
  let reading = true
  const readers = Array.from({ length: READERS }, async (_, i) => {
    const visitor = new Visitor(api.urls[i % PROCESSES] as string)
    for (let turn = i; reading; turn += 7) {
      const own = phase
      const startedAt = performance.now()
      begun.set(i, startedAt)
      const status = await visitor.read(ids[turn % ids.length] as number).then(
        (seen) => seen.status,
        () => 0,
      )
      begun.delete(i)
      own.samples.add(performance.now() - startedAt)
      if (status !== 200) own.errors++
    }
    visitor.close()
  })

  const phases: Phase[] = []
  const during = async (name: string, act: () => unknown): Promise<void> => {
    phase = newPhase(name)
    phases.push(phase)
    const step = terminal.step(name)
    step.progress(`for ${seconds} s`)
    await act()
    await wait(seconds * 1_000, undefined, { signal })
    const now = performance.now()
    phase.stuck = [...begun.values()].filter((startedAt) => now - startedAt > STUCK_MS).length
    step.done(lineOf(phase))
  }
  try {
    await during('healthy', () => undefined)
    await during('frozen', () => shop.redis.kill('SIGSTOP'))
    await during('thawed', () => shop.redis.kill('SIGCONT'))
    await during('killed', () => shop.redis.kill('SIGKILL'))
    await during('restarted', () => shop.restartRedis())
  } finally {
    reading = false
    shop.redis.kill('SIGCONT')
    await Promise.all(readers)
  }
  const kept = phases.every(isQuiet)
  terminal.say(kept ? 'No read failed and no reader was stuck.' : 'Readers have noticed it.')
  return kept
}

/** A phase without a read has shown nothing. */
function isQuiet({ samples, errors, stuck }: Phase): boolean {
  return samples.count > 0 && errors === 0 && stuck === 0
}

/** In columns, below those of the other phases. */
export function lineOf({ samples, errors, stuck }: Omit<Phase, 'name'>): string {
  const reads = grouped(samples.count).padStart(READS_WIDTH)
  return `${reads} reads   ${grouped(errors)} errors   ${grouped(stuck)} stuck   ${samples}`
}

function newPhase(name: string): Phase {
  return { name, samples: new Samples(), errors: 0, stuck: 0 }
}
