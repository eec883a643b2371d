/**
 * Is this process alive, and should it get traffic?
 *
 * `/livez` asks nothing of anyone: a process that answers is alive, and restarting it would not mend its database.
 * `/readyz` asks every dependency. One that is required and down makes it 503. Redis is not required: without it
 * every read still has its answer, only later, so the process stays in rotation and says `degraded`. A process that has
 * just started says `warming` until its cache holds what will be asked for first, or the limit of that is over.
 */

import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Lifecycle } from '@shop/process'

export type DependencyState = 'up' | 'down' | 'off'

export interface Dependency {
  readonly name: string
  /** Whether this process is of no use without it. */
  readonly required: boolean
  /** May reject or hang: both read as down. */
  check(): Promise<DependencyState> | DependencyState
}

/** Whether this process still fills its cache for the start. */
export interface Warming {
  readonly warming: boolean
}

const CHECK_LIMIT_MS = 1000

const Live = z.object({ status: z.literal('alive') }).openapi('Live', { example: { status: 'alive' } })

const Ready = z
  .object({
    status: z.enum(['ready', 'degraded', 'warming', 'not-ready', 'draining']),
    dependencies: z.record(z.string(), z.object({ state: z.enum(['up', 'down', 'off']), required: z.boolean() })),
  })
  .openapi('Ready')

export type Readiness = z.infer<typeof Ready>

const up = { state: 'up', required: true } as const

const liveRoute = createRoute({
  method: 'get',
  path: '/livez',
  tags: ['health'],
  summary: 'Whether the process is alive',
  responses: { 200: { description: 'It is alive.', content: { 'application/json': { schema: Live } } } },
})

const readyRoute = createRoute({
  method: 'get',
  path: '/readyz',
  tags: ['health'],
  summary: 'Whether the process should get traffic, with the state of each dependency',
  responses: {
    200: {
      description:
        'Send it traffic. `ready`: every dependency is up, or switched off. `degraded`: one that is not required is down; every answer is still right, only slower.',
      content: {
        'application/json': {
          schema: Ready,
          examples: {
            ready: {
              value: { status: 'ready', dependencies: { postgres: up, redis: { state: 'up', required: false } } },
            },
            degraded: {
              value: { status: 'degraded', dependencies: { postgres: up, redis: { state: 'down', required: false } } },
            },
          },
        },
      },
    },
    503: {
      description:
        'Send it no traffic. `not-ready`: a required dependency is down. `warming`: the process has just started, and fills its cache. `draining`: the process finishes what it has and stops.',
      content: {
        'application/json': {
          schema: Ready,
          example: {
            status: 'not-ready',
            dependencies: { postgres: { state: 'down', required: true }, redis: { state: 'up', required: false } },
          },
        },
      },
    },
  },
})

export function healthRoutes(
  dependencies: readonly Dependency[],
  lifecycle: Lifecycle,
  warmer: Warming = { warming: false },
): OpenAPIHono {
  const app = new OpenAPIHono()
  app.openapi(liveRoute, (c) => c.json({ status: 'alive' as const }, 200, { 'Cache-Control': 'no-store' }))
  app.openapi(readyRoute, async (c) => {
    const states = await Promise.all(dependencies.map(stateOf))
    const status = statusOf(states, lifecycle, warmer)
    const body: Readiness = {
      status,
      dependencies: Object.fromEntries(states.map(({ name, state, required }) => [name, { state, required }])),
    }
    const ready = status === 'ready' || status === 'degraded'
    return c.json(body, ready ? 200 : 503, { 'Cache-Control': 'no-store' })
  })
  return app
}

interface NamedState {
  readonly name: string
  readonly required: boolean
  readonly state: DependencyState
}

async function stateOf(dependency: Dependency): Promise<NamedState> {
  const { name, required } = dependency
  const { promise: late, resolve } = Promise.withResolvers<DependencyState>()
  const timer = setTimeout(() => resolve('down'), CHECK_LIMIT_MS)
  const asked = (async () => dependency.check())().catch((): DependencyState => 'down')
  const state = await Promise.race([asked, late])
  clearTimeout(timer)
  return { name, required, state }
}

function statusOf(states: readonly NamedState[], lifecycle: Lifecycle, { warming }: Warming): Readiness['status'] {
  if (lifecycle.draining) return 'draining'
  if (states.some(({ required, state }) => required && state !== 'up')) return 'not-ready'
  if (warming) return 'warming'
  return states.some(({ state }) => state === 'down') ? 'degraded' : 'ready'
}
