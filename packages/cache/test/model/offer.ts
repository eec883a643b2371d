/** How the model says what can happen next. */

import { EVENTS, type EventName, type State } from './state.ts'

/** Changes the state it is given. */
export type Act = (state: State) => void
export type Offer = (name: string, act: Act) => void

const EVENT_INDEX = new Map(EVENTS.map((event, i) => [event, i]))

/** An event that happens only so often. */
export function event(state: State, offer: Offer, kind: EventName, name: string, act: Act): void {
  const at = EVENT_INDEX.get(kind) as number
  if (!state.left[at]) return
  offer(name, (next) => {
    next.left[at] = (next.left[at] as number) - 1
    act(next)
  })
}
