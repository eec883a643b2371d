import { expect, test } from 'vitest'

import type { Monotonic } from './clock.ts'
import { Flight, Flights } from './flight.ts'
import { GatedLoad } from './gated-load.ts'

const flightOf = (key: string): Flight<string | undefined> => new Flight(key, 0 as Monotonic, 0, true)

// A --------------- ends here
//    superseded
//      B ------------------
//                    C joins B
test('a superseded flight does not free the slot of the one that replaced it', async () => {
  const flights = new Flights<string | undefined>()
  const gate = new GatedLoad<string, string>()

  const a = flights.start(flightOf('k'), () => gate.load('a'))
  flights.supersede('k')
  const b = flights.start(flightOf('k'), () => gate.load('b'))
  gate.resolve(0, 'old')
  expect(await a.result).toBe('old')
  expect(flights.running('k')).toBe(b)
  gate.resolve(1, 'new')
  expect(await b.result).toBe('new')
  expect(flights.size).toBe(0)
})

test('a superseded flight is not joined, and knows it', () => {
  const flights = new Flights<string | undefined>()
  const gate = new GatedLoad<string, string>()
  const [a, b] = [
    flights.start(flightOf('a'), () => gate.load('a')),
    flights.start(flightOf('b'), () => gate.load('b')),
  ]
  flights.supersedeAll()
  expect([a.superseded, b.superseded, flights.size]).toEqual([true, true, 0])
})

test('a failed flight frees its slot', async () => {
  const flights = new Flights<string | undefined>()
  const flight = flights.start(flightOf('k'), () => Promise.reject(new Error('no')))
  await expect(flight.result).rejects.toThrow('no')
  expect(flights.running('k')).toBeUndefined()
})

test('work that throws at once rejects, and frees its slot', async () => {
  const flights = new Flights<string | undefined>()
  const flight = flights.start(flightOf('k'), () => {
    throw new Error('at once')
  })
  await expect(flight.result).rejects.toThrow('at once')
  expect(flights.running('k')).toBeUndefined()
})

// starts ------- serve(stale) ------------------------ ends
//    A joins: stale       B joins: waits for the end
test('who joins after an early answer waits for the end', async () => {
  const flights = new Flights<string | undefined>()
  const gate = new GatedLoad<string, string>()
  const flight = flights.start(flightOf('k'), () => gate.load('k'))
  const early = flight.result
  flight.serve('stale')
  const late = flight.result
  gate.resolve(0, 'fresh')
  expect([await early, await late]).toEqual(['stale', 'fresh'])
})

// A ------------------------------------- ends: must not free B's slot
//      B takes the slot     invalidated: neither may keep what it brings
test('a flight that has lost its slot to another is superseded as well', async () => {
  const flights = new Flights<string | undefined>()
  const gate = new GatedLoad<string, string>()
  const a = flights.start(flightOf('k'), () => gate.load('a'))
  const b = flights.start(flightOf('k'), () => gate.load('b'))
  gate.resolve(0, 'old')
  await a.end
  expect(flights.running('k')).toBe(b)
  const c = flights.start(flightOf('k'), () => gate.load('c'))
  flights.supersede('k')
  expect([a.superseded, b.superseded, c.superseded]).toEqual([false, true, true])
})

test('a flight sees the positions of its epoch up to its own', () => {
  const flight = new Flight<string>('k', 0 as Monotonic, 0, false, { epoch: 'a', number: 7 })
  const sees = [
    { epoch: 'a', number: 7 },
    { epoch: 'a', number: 6 },
    { epoch: 'a', number: 8 },
    { epoch: 'b', number: 7 },
  ].map((position) => flight.sees(position))
  expect(sees).toEqual([true, true, false, false])
})
