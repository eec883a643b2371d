/** What an entry in memory costs beside its own bytes. */

import { fork } from 'node:child_process'

import type { Case } from '../case.ts'
import { openGround } from '../ground.ts'
import { messageOf } from '../message.ts'

const PAYLOAD_BYTES = 1_024

const bytes = (value: number): string => `${Math.round(value).toLocaleString('en').replace(',', ' ')} B`

function heap(name: string, goal: number | undefined, args: readonly string[]): Case {
  return {
    name,
    against: 'its payload',
    goal: goal === undefined ? '' : `≤ ${bytes(goal)}`,
    async measure(_run, stack) {
      const { url } = await openGround(stack)
      const run = (role: 'fill' | 'hold'): Promise<unknown> => {
        const path = new URL('../heap-member.ts', import.meta.url)
        const member = fork(path, [role, url, ...args], { execArgv: ['--expose-gc'] })
        stack.defer(() => void member.kill('SIGKILL'))
        return messageOf(member).finally(() => member.kill('SIGKILL'))
      }
      await run('fill')
      const perEntry = (await run('hold')) as number
      return {
        figure: bytes(perEntry),
        ...(goal !== undefined && { kept: perEntry <= goal }),
        candidate: bytes(perEntry),
        baseline: bytes(PAYLOAD_BYTES),
      }
    },
  }
}

export const HEAP_CASES: readonly Case[] = [
  heap('heap per entry of 1 KB kept as bytes', 1_250, []),
  // A tag that no other entry has costs a cell: that table is bounded by itself (memory.maxTags).
  heap('the same, each entry with a tag of its own', undefined, ['own-tags']),
]
