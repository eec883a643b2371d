/**
 * A control: single flight and nothing else. Who asks for what is being loaded in this process waits for that load; when
 * it is over, nothing of it is kept.
 */

import type { Control } from './control.ts'

export function singleFlight(): Control {
  const flights = new Map<string, Promise<unknown>>()
  return {
    read<T>(key: string, load: () => Promise<T>): Promise<T> {
      const running = flights.get(key) as Promise<T> | undefined
      if (running) return running
      const flight = load().finally(() => flights.delete(key))
      flights.set(key, flight)
      return flight
    },
    async forget() {
      // Nothing is kept.
    },
    async close() {
      // Nothing is open.
    },
  }
}
