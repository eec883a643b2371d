/**
 * One visit: a page is asked for, and its answer becomes a line for the program that started k6.
 *
 *     @1795248902631 1.23 200 memory 42                   asked at, took ms, status, served from, the how-manieth visit
 *     @1795248902631 1.23 200 memory 42 17:1999,18:250    and the prices that it shows, by product
 *     @1795248902631 1.23 !503 bypass 42                  it failed: the status, or what k6 calls the error (1050: too slow)
 *
 * On the console, because any output of k6 itself writes a dozen lines for a request, and a figure for each second, or a
 * judgement of each answer, can be had from no summary.
 */

import http, { type RefinedParams, type RefinedResponse, type ResponseType } from 'k6/http'
import { Counter, Rate } from 'k6/metrics'

import { servedFrom } from './cache-status.ts'
import { type Act, expectedAnswers, TOO_MANY } from './expected-answers.ts'
import { listSetting } from './settings.ts'

/** k6's own, which its types leave out. */
declare const console: { log(line: string): void }

const shops = listSetting('SHOPS')
const readsPrices = __ENV.PRICES === 'read'

const asksForNonsense = __ENV.REFUSALS === 'expected'
const EXPECTED = {
  visit: expectedAnswers('visit', asksForNonsense),
  insist: expectedAnswers('insist', asksForNonsense),
  send: expectedAnswers('send', asksForNonsense),
} as const

/** Nobody answered in time. Any other error without a status is a connection that was refused or broke. */
const TIMEOUT = 1050

const failed = new Rate('visits_failed')
const repeated = new Counter('visits_repeated')

type Params = RefinedParams<'text'>
type Response = RefinedResponse<ResponseType>

/** Written when the load begins: the origin of every instant in the report. */
export function markStart(): void {
  console.log(`@start ${Date.now()}`)
}

export function visit(turn: number, path: string, params: Params, act: 'visit' | 'insist' = 'visit'): void {
  report(act, turn, (shop) => http.get(`${shop}${path}`, params))
}

export function send(turn: number, path: string, body: string, params: Params): void {
  report('send', turn, (shop) => http.post(`${shop}${path}`, body, params))
}

/** To another process when the connection failed, as a load balancer does: what is sent here may be sent twice. */
function report(act: Act, turn: number, request: (shop: string) => Response): void {
  const askedAt = Date.now()
  let response = request(shops[turn % shops.length] as string)
  let tookMs = response.timings.duration
  for (let next = 1; next < shops.length && response.status === 0 && response.error_code !== TIMEOUT; next++) {
    repeated.add(1)
    response = request(shops[(turn + next) % shops.length] as string)
    tookMs = Date.now() - askedAt
  }
  const { status } = response
  const isExpected = EXPECTED[act].includes(status) && (status !== TOO_MANY || saysWhen(response))
  failed.add(!isExpected)
  const source = servedFrom(response.headers['Cache-Status'])
  const prices = readsPrices && status === 200 ? ` ${pricesIn(response)}` : ''
  console.log(
    `@${askedAt} ${tookMs.toFixed(2)} ${isExpected ? '' : '!'}${status || response.error_code} ${source} ${turn}${prices}`,
  )
}

/** RFC 9110 section 10.2.3, in whole seconds. */
function saysWhen(response: Response): boolean {
  return /^[1-9]\d*$/.test(response.headers['Retry-After'] ?? '')
}

/** Of a product, a page of products or a batch of them; empty for anything else. */
function pricesIn(response: Response): string {
  const one = response.json('price.amount')
  if (typeof one === 'number') return `${response.json('id')}:${one}`
  const ids = response.json('items.#.id')
  const amounts = response.json('items.#.price.amount')
  if (!Array.isArray(ids) || !Array.isArray(amounts) || ids.length !== amounts.length) return ''
  return ids.map((id, i) => `${id}:${amounts[i]}`).join(',')
}
