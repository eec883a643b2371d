/** What to do with a shop that is ready: its addresses, the token, and three lines to try. */

import { env } from 'node:process'
import { styleText } from 'node:util'

const DEVELOPMENT_TOKEN = 'dev-admin-token'

export interface Banner {
  readonly apis: readonly string[]
  readonly databaseUrl: string
  readonly redisUrl: string | undefined
  /** The address of a product that is there, and a price it could have. */
  readonly example: { readonly path: string; readonly amount: number; readonly currency: string }
  readonly seconds: string
}

export function banner({ apis, databaseUrl, redisUrl, example, seconds }: Banner): string {
  const [first = '', second = first] = apis
  const bold = (text: string) => styleText('bold', text, { stream: process.stdout })
  const ownToken = env.ADMIN_TOKEN && env.ADMIN_TOKEN !== DEVELOPMENT_TOKEN
  const token = ownToken ? '$ADMIN_TOKEN' : DEVELOPMENT_TOKEN
  const quote = ownToken ? '"' : "'"
  const isCached = env.CACHE !== 'off'
  const rows = [
    ...apis.map((url, index) => [apis.length > 1 ? `API ${index + 1}` : 'API', url]),
    ['Try it', `${first}/docs`],
    ['OpenAPI', `${first}/openapi.json`],
    ['Readiness', `${first}/readyz`],
    ['Postgres', env.DATABASE_URL ? 'as in DATABASE_URL' : databaseUrl],
    ['Redis', env.REDIS_URL && redisUrl ? 'as in REDIS_URL' : (redisUrl ?? 'none')],
    ...(isCached ? [] : [['Cache', 'off (CACHE=off): every read asks Postgres']]),
    ['Admin token', ownToken ? 'as in ADMIN_TOKEN' : DEVELOPMENT_TOKEN],
  ]
  const body = `{"amount":${example.amount},"currency":"${example.currency}"}`
  const change = `curl -sw '\\n' -X PUT ${first}${example.path}/price -H ${quote}Authorization: Bearer ${token}${quote} -H 'Content-Type: application/json' -d '${body}'`
  return [
    '',
    bold(`  Ready in ${seconds} s.`),
    '',
    ...rows.map(([name = '', value]) => `  ${name.padEnd(12)} ${value}`),
    '',
    `  A read; ${isCached ? 'the same read with its Cache-Status; ' : ''}a price change, then a read:`,
    '',
    `  curl -sw '\\n' ${first}${example.path}`,
    ...(isCached ? [`  curl -siw '\\n' ${first}${example.path}`] : []),
    `  ${change} && curl -siw '\\n' ${second}${example.path}`,
    '',
    '  Ctrl-C stops everything.',
    '',
  ].join('\n')
}
