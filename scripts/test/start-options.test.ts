import { expect, test } from 'vitest'

import { HELP, parseStart, UsageError } from '../start-options.ts'

test('without options it is one process from 3000 on, with Redis', () => {
  expect(parseStart([], {})).toEqual({ api: 1, port: 3000, size: undefined, redis: true, watch: false, logs: false })
})

test('every option is read', () => {
  const args = ['--api', '3', '--port=4000', '--size', 'large', '--watch', '--logs']
  expect(parseStart(args, {})).toEqual({ api: 3, port: 4000, size: 'large', redis: true, watch: true, logs: true })
  expect(parseStart(['--no-redis', '--port', '0'], {})).toMatchObject({ redis: false, port: 0 })
})

test('every option is in the help', () => {
  for (const option of ['--api', '--port', '--size', '--no-redis', '--watch', '--logs', '--help']) {
    expect(HELP).toContain(`  ${option} `)
  }
  expect(parseStart(['--help'], {})).toBeUndefined()
})

test.each([
  [['--bogus'], 'There is no option --bogus.'],
  [['3'], "Unexpected argument '3'."],
  [['--api', '0'], '--api is a whole number from 1 to 16, not "0".'],
  [['--api', '17'], '--api is a whole number from 1 to 16, not "17".'],
  [['--api', 'three'], '--api is a whole number from 1 to 16, not "three".'],
  [['--port', '65536'], '--port is a whole number from 0 to 65535, not "65536".'],
  [['--port', '65535', '--api', '3'], '--port 65535 leaves no room for 3 processes: the last port is 65535.'],
  [['--size', 'huge'], '--size is one of tiny, demo, large, not "huge".'],
  [['--api', '2', '--no-redis'], '2 API processes need a Redis'],
])('%j is refused', (args, message) => {
  expect(() => parseStart(args, {})).toThrow(UsageError)
  expect(() => parseStart(args, {})).toThrow(message)
})

test('the last port is enough for the last process', () => {
  expect(parseStart(['--port', '65533', '--api', '3'], {})).toMatchObject({ port: 65_533 })
})

test('one process without Redis is allowed', () => {
  expect(parseStart(['--api', '1', '--no-redis'], {})).toMatchObject({ api: 1, redis: false })
})

test('an option that npm took for its own is not silently lost', () => {
  expect(() => parseStart(['3'], { npm_config_api: 'true' })).toThrow('npm start -- --api')
})
