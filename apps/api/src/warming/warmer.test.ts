import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'

import type { WarmingEvent } from './events.ts'
import type { WarmSources } from './warm.ts'
import { createWarmer } from './warmer.ts'

const LIMIT_MS = 60_000

/** Sources that answer at once and keep what they were asked for. */
function sources(
  overrides: Partial<{ [source in 'tree' | 'list' | 'getMany' | 'warmList']: () => Promise<unknown> }> = {},
) {
  const asked = { lists: [] as string[], batches: [] as number[] }
  const { tree, list, getMany, warmList } = overrides
  const category = { id: 1, slug: 'kitchen', name: 'Kitchen', path: 'kitchen', children: [] }
  const warmSources: WarmSources = {
    categories: {
      async list() {
        await tree?.()
        return [category]
      },
    },
    products: {
      async list({ category, sort }) {
        asked.lists.push(category ?? sort)
        await list?.()
        return { items: [], next: null, ahead: null }
      },
      async getMany(ids) {
        asked.batches.push(ids.length)
        await getMany?.()
        return []
      },
    },
    async warmList() {
      await warmList?.()
      return Array.from({ length: 250 }, (_, n) => n + 1)
    },
  }
  return { asked, warmSources }
}

function opened(source: WarmSources, limitMs = LIMIT_MS) {
  const events: WarmingEvent[] = []
  const warmer = createWarmer({ sources: source, limitMs, jitterMs: 0, emit: (event) => void events.push(event) })
  const ends = () => events.filter((event) => event.type === 'warmed')
  return { warmer, events, ends }
}

const never = () => new Promise<never>(() => undefined)

test('it is warming from its making until the start is over', async () => {
  const { asked, warmSources } = sources()
  const { warmer, ends } = opened(warmSources)
  expect(warmer.warming).toBe(true)
  await warmer.start()
  expect(warmer.warming).toBe(false)
  expect(asked).toEqual({
    lists: ['popular', 'newest', 'price', '-price', 'rating', 'kitchen'],
    batches: [100, 100, 50],
  })
  expect(ends()).toMatchObject([{ cause: 'start', outcome: 'done', lists: 6, products: 250 }])
})

test('two questions are under way at once, and no more', async () => {
  let underWay = 0
  let most = 0
  const slow = async () => {
    most = Math.max(most, ++underWay)
    await turn()
    underWay--
  }
  const { warmSources } = sources({ list: slow, getMany: slow })
  await opened(warmSources).warmer.start()
  expect(most).toBe(2)
})

test.each(['tree', 'list', 'getMany', 'warmList'] as const)(
  'a %s that hangs is waited for until the limit',
  async (one) => {
    const { warmSources } = sources({ [one]: never })
    const { warmer, ends } = opened(warmSources, 20)
    await warmer.start()
    expect(warmer.warming).toBe(false)
    expect(ends()).toMatchObject([{ cause: 'start', outcome: 'limit' }])
  },
)

test.each(['tree', 'list', 'getMany', 'warmList'] as const)(
  'a %s that fails ends it, and it is not asked again',
  async (one) => {
    const away = new Error('the database is away')
    let asked = 0
    const { warmSources } = sources({
      [one]: () => {
        asked++
        return Promise.reject(away)
      },
    })
    const { warmer, ends } = opened(warmSources)
    await warmer.start()
    expect(warmer.warming).toBe(false)
    expect(ends()).toMatchObject([{ outcome: 'failed', error: away }])
    expect(asked).toBeLessThanOrEqual(2)
  },
)

test('after a failure nothing more is begun', async () => {
  const gate = Promise.withResolvers<void>()
  const { asked, warmSources } = sources({
    getMany: () => (asked.batches.length === 1 ? Promise.reject(new Error('away')) : gate.promise),
  })
  await opened(warmSources).warmer.start()
  gate.resolve()
  await turn()
  expect(asked.batches).toEqual([100, 100])
})

test('with a limit of 0 nothing is warmed, ever', async () => {
  const { asked, warmSources } = sources()
  const { warmer, events } = opened(warmSources, 0)
  expect(warmer.warming).toBe(false)
  await warmer.start()
  warmer.lost()
  await turn()
  expect(events).toEqual([])
  expect(asked).toEqual({ lists: [], batches: [] })
})

test('after a loss it warms again, and is not called warming', async () => {
  const { asked, warmSources } = sources()
  const { warmer, ends } = opened(warmSources)
  await warmer.start()
  warmer.lost()
  expect(warmer.warming).toBe(false)
  await expect.poll(ends).toMatchObject([{ cause: 'start' }, { cause: 'loss', outcome: 'done', products: 250 }])
  expect(asked.batches).toHaveLength(6)
})

test('a loss in the middle of it begins it anew', async () => {
  let isHanging = true
  const { warmSources } = sources({ getMany: () => (isHanging ? never() : Promise.resolve()) })
  const { warmer, ends, events } = opened(warmSources)
  const started = warmer.start()
  await expect.poll(() => events.at(-1)).toMatchObject({ lists: 6 })
  isHanging = false
  warmer.lost()
  await started
  await expect.poll(ends).toMatchObject([
    { cause: 'start', outcome: 'interrupted' },
    { cause: 'loss', outcome: 'done' },
  ])
})

test('when it is stopped it begins nothing more', async () => {
  const gate = Promise.withResolvers<void>()
  const { asked, warmSources } = sources({ list: () => gate.promise })
  const { warmer, ends } = opened(warmSources)
  const started = warmer.start()
  await expect.poll(() => asked.lists.length).toBe(2)
  warmer.stop()
  await started
  gate.resolve()
  await turn()
  warmer.lost()
  await turn()
  expect(ends()).toMatchObject([{ outcome: 'interrupted' }])
  expect(asked).toEqual({ lists: ['popular', 'newest'], batches: [] })
})
