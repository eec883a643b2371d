/**
 * Why a load test could not be run. A promise that does not hold is no error: it is a verdict.
 *
 * `code` is the contract, `message` is for a person and names the cure.
 */

export type LoadTestErrorCode = 'ARGUMENT_INVALID' | 'K6_MISSING' | 'K6_UNUSABLE' | 'K6_FAILED' | 'SHOP_FAILED'

export class LoadTestError extends Error {
  override readonly name = 'LoadTestError'
  readonly code: LoadTestErrorCode

  constructor(code: LoadTestErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export const argumentInvalid = (message: string, cause?: unknown) =>
  new LoadTestError('ARGUMENT_INVALID', `${message} Run with --help to see what there is.`, { cause })

export const k6Missing = (cure: string, tried: readonly string[]) =>
  new LoadTestError('K6_MISSING', [`There is no k6 here.`, ...tried, cure].join('\n'))

export const k6Unusable = (problem: string) => new LoadTestError('K6_UNUSABLE', `The variable K6 ${problem}`)

export const k6Failed = (how: string, output: string) =>
  new LoadTestError('K6_FAILED', `k6 ${how}. The end of what it wrote:\n${lastLines(output)}`)

export const shopFailed = (how: string, output = '') =>
  new LoadTestError(
    'SHOP_FAILED',
    output === '' ? `The shop ${how}.` : `The shop ${how}. The end of its log:\n${lastLines(output)}`,
  )

export function lastLines(text: string, count = 15): string {
  return text.trim().split('\n').slice(-count).join('\n') || '(nothing)'
}
