/**
 * The edge of the compose project, from outside: what it keeps, what ends that, what it never keeps, and that nobody
 * notices when an API process or Redis is restarted behind it.
 */

import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'

import { customerToken } from '../apps/api/src/http/customer.ts'
import { json, type Priced, until } from './outside.ts'
import { Traffic } from './traffic.ts'

/** From a commit until the edge answers the new price: the second purge, and whatever a busy machine adds. */
const PURGE_LIMIT_MS = 5_000
const HEALTHY_LIMIT_MS = 60_000
const AMOUNT = 4_200
const CHANGES = 200
/** What takes so long was fetched again from a process that had not heard, and dropped by the second purge. */
const SECOND_PURGE_MS = 900

const run = promisify(execFile)

export interface EdgeUnderTest {
  /** Its address. */
  readonly url: string
  readonly adminToken: string
  readonly customerSecret: string
  psql(statement: string): Promise<string>
  /** The ids of the containers of a service. */
  containers(service: string): Promise<readonly string[]>
  /** What a service has said. */
  logs(service: string): Promise<string>
}

export async function smokeEdge(edge: EdgeUnderTest): Promise<void> {
  await keepAndDrop(edge)
  await measureChanges(edge)
  await refuse(edge)
  await order(edge)
  await restartBehind(edge, 'api')
  await restartBehind(edge, 'redis')
  await stopEveryApi(edge)
  if (/panic/i.test(await edge.logs('edge'))) throw new Error('Varnish has panicked')
}

async function read(url: string, headers: Record<string, string> = {}): Promise<{ text: string; status: string }> {
  const response = await fetch(url, { headers })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  for (const field of ['surrogate-key', 'cache-tag', 'cdn-cache-control', 'xkey']) {
    if (response.headers.has(field)) throw new Error(`The edge shows ${field} to its clients`)
  }
  return { text: await response.text(), status: response.headers.get('cache-status') ?? '' }
}

async function amountOf(url: string, product: number): Promise<number> {
  return (await json<Priced>(await fetch(`${url}/products/${product}`))).price.amount
}

function setPrice({ url, adminToken }: EdgeUnderTest, product: number, amount: number): Promise<Response> {
  return fetch(`${url}/products/${product}/price`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ amount, currency: 'EUR' }),
  })
}

function setPriceBySql({ psql }: EdgeUnderTest, product: number, amount: number): Promise<string> {
  return psql(`update prices set amount = ${amount}, compare_at = null
    where variant_id in (select id from variants where product_id = ${product})`)
}

/** MISS, HIT, and the price that the edge shows after each kind of change, in the product and in a list. */
async function keepAndDrop(edge: EdgeUnderTest): Promise<void> {
  const { url } = edge
  const product = 42
  const list = `${url}/products?ids=${product}`
  for (const address of [`${url}/products/${product}`, list]) {
    const first = (await read(address)).status
    if (!first.includes('edge; fwd=miss')) throw new Error(`The edge had ${address} before anyone asked: ${first}`)
    let then = ''
    const isKept = async () => {
      then = (await read(address)).status
      return then.includes('edge; hit')
    }
    await until(isKept, PURGE_LIMIT_MS, `the edge to keep ${address}`)
    console.log(`compose: GET ${address}: ${first}\ncompose: GET ${address}: ${then}`)
  }
  const changes = [
    ['the API', (amount: number) => setPrice(edge, product, amount).then(json)],
    ['SQL', (amount: number) => setPriceBySql(edge, product, amount)],
  ] as const
  for (const [index, [by, change]] of changes.entries()) {
    const amount = AMOUNT + index
    await change(amount)
    const sees = async () =>
      (await amountOf(url, product)) === amount && (await read(list)).text.includes(`"amount":${amount},`)
    const tookMs = await until(sees, PURGE_LIMIT_MS, `the edge to show a price changed by ${by}`)
    console.log(`compose: the edge shows a price changed by ${by}, in the product and in a list, after ${tookMs} ms`)
  }
}

/** From the answer to a change until the edge shows it to a reader who asks all the time. */
async function measureChanges(edge: EdgeUnderTest): Promise<void> {
  const took: number[] = []
  for (let change = 1; change <= CHANGES; change++) {
    const product = 100 + (change % 10)
    const amount = AMOUNT + 10 + change
    await amountOf(edge.url, product)
    await json(await setPrice(edge, product, amount))
    const sees = async () => (await amountOf(edge.url, product)) === amount
    took.push(await until(sees, PURGE_LIMIT_MS, 'the edge to show a changed price'))
  }
  const sorted = took.toSorted((a, b) => a - b)
  const quantile = (share: number) => sorted[Math.ceil(share * CHANGES) - 1]
  const late = sorted.filter((ms) => ms >= SECOND_PURGE_MS).length
  console.log(
    `compose: ${CHANGES} prices changed by the API are shown by the edge after p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, max ${sorted.at(-1)} ms; ${late} by the second purge`,
  )
}

/** What only the worker may do, and what nobody may keep. */
async function refuse({ url, adminToken }: EdgeUnderTest): Promise<void> {
  const purge = await fetch(url, { method: 'PURGE', headers: { 'xkey-purge': 'products' } })
  if (purge.status !== 405) throw new Error(`The edge answered ${purge.status} to a PURGE from outside`)
  for (const path of ['/metrics', '/%6Detrics']) {
    const { status } = await fetch(url + path)
    if (status !== 404) throw new Error(`The edge answered ${status} to ${path} from outside`)
  }
  const token = { authorization: `Bearer ${adminToken}` }
  for (const [path, headers] of [
    ['/products/42/stock', {}],
    ['/products/42', token],
    ['/admin/cache', token],
  ] as const) {
    for (let i = 0; i < 2; i++) {
      const { status } = await read(url + path, headers)
      if (/edge; hit|edge;.* stored/.test(status)) throw new Error(`The edge keeps ${path}: ${status}`)
    }
  }
  console.log('compose: the edge takes no purge from outside, and keeps nothing private')
}

async function order({ url, customerSecret }: EdgeUnderTest): Promise<void> {
  const token = await customerToken(customerSecret, 1, 600)
  const [product] = (
    await json<{ items: { variants: { id: number; inStock: boolean }[] }[] }>(await fetch(`${url}/products?ids=42`))
  ).items
  const variant = product?.variants.find(({ inStock }) => inStock)
  const response = await fetch(`${url}/orders`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify({ lines: [{ variantId: variant?.id, quantity: 1 }] }),
  })
  const { id } = await json<{ id: string }>(response)
  const { status } = await read(`${url}/orders/${id}`, { authorization: `Bearer ${token}` })
  if (!status.endsWith('edge; fwd=bypass')) throw new Error(`An order came by ${status}`)
  console.log(`compose: an order is placed and read through the edge (${response.status}, ${status})`)
}

async function restartBehind({ url, containers }: EdgeUnderTest, service: string): Promise<void> {
  const [container = ''] = await containers(service)
  const traffic = new Traffic(url)
  await traffic.hasAnswered(200)
  await run('docker', ['restart', container])
  const tookMs = await until(() => isHealthy(container), HEALTHY_LIMIT_MS, `${service} to be healthy again`)
  await traffic.hasAnswered(200)
  console.log(`compose: ${service} restarted under traffic, healthy after ${tookMs} ms: ${await traffic.end()}`)
}

/**
 * No API is left: what the edge has it serves, and what it has not is a problem and no hanging. Then they come back at
 * other addresses.
 */
async function stopEveryApi({ url, containers, logs }: EdgeUnderTest): Promise<void> {
  const apis = await containers('api')
  const [kept, other] = [`${url}/products/7`, `${url}/products/2007`]
  // For longer than a moment, as what was fetched slowly is.
  const isKept = async () => /edge; hit; ttl=\d\d/.test((await read(kept)).status)
  await until(isKept, HEALTHY_LIMIT_MS, `the edge to keep ${kept}`)
  const network = await inspect(apis[0] ?? '', '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}')
  const image = await inspect(apis[0] ?? '', '{{.Config.Image}}')
  await run('docker', ['stop', ...apis])
  const { status } = await read(kept)
  const missing = await fetch(other)
  console.log(`compose: without any API the edge answers what it keeps (${status}), and else ${missing.status}`)
  if (missing.status !== 503) throw new Error('Expected 503 for what is not kept')

  // Takes the first address that has become free.
  const { stdout: squatter } = await run('docker', ['run', '--detach', '--network', network, image, 'sleep', '600'])
  try {
    await run('docker', ['start', ...apis])
    const well = async () => (await Promise.all(apis.map(isHealthy))).every(Boolean)
    await until(well, HEALTHY_LIMIT_MS, 'every API to be healthy again')
    const addresses = (await Promise.all(apis.map((api) => inspect(api, ADDRESS)))).toSorted().join(' ')
    const follows = async () => (await logs('edge')).includes(`in front of ${addresses}`)
    await until(follows, HEALTHY_LIMIT_MS, `the edge to find the API at ${addresses}`)
    await until(async () => (await fetch(other)).ok, HEALTHY_LIMIT_MS, 'the edge to ask the API again')
    console.log(`compose: they are back at other addresses, ${addresses}, and the edge asks them`)
  } finally {
    await run('docker', ['rm', '--force', squatter.trim()])
  }
}

const ADDRESS = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'

async function isHealthy(container: string): Promise<boolean> {
  return (await inspect(container, '{{.State.Health.Status}}')) === 'healthy'
}

async function inspect(container: string, format: string): Promise<string> {
  const { stdout } = await run('docker', ['inspect', '--format', format, container])
  return stdout.trim()
}
