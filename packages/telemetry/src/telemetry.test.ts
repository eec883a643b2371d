import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { promisify } from 'node:util'
import { trace } from '@opentelemetry/api'
import { expect, onTestFinished, test, vi } from 'vitest'
import { currentRequestMetrics } from './metrics-requests.ts'
import { startTelemetry } from './telemetry.ts'
import { currentTracer } from './tracer.ts'

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Where nothing listens: a port that was just given up. */
async function nowhere(): Promise<string> {
  const server = createTcpServer()
  const url = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return url
}

function oneSpan(): void {
  trace.getTracer('test').startSpan('work').end()
}

test('without an endpoint there are no traces: no tracer, and a shutdown that has nothing to deliver', async () => {
  const telemetry = startTelemetry({ serviceName: 'test' })
  expect(telemetry.enabled).toBe(false)
  expect(currentTracer()).toBeUndefined()
  await telemetry.shutdown()
})

test('while traces are off, nothing of their SDK is loaded, and of metrics only while they are on', async () => {
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    const { startTelemetry } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)})
    const [metrics, endpoint] = process.argv.slice(1)
    startTelemetry({ serviceName: 'test', endpoint, metrics: metrics === 'on' }).shutdown()
    const count = (part) => loaded.filter((url) => part.test(url)).length
    console.log(count(/sdk-(node|trace)|exporter-|otlp|context-async/), count(/sdk-metrics|resources/))`
  const run = async (...args: string[]): Promise<readonly boolean[]> => {
    const node = ['--input-type=module', '--eval', script, ...args]
    const { stdout } = await promisify(execFile)(process.execPath, node)
    return stdout.split(' ').map((count) => Number(count) > 0)
  }
  expect(await run('off')).toEqual([false, false])
  expect(await run('on')).toEqual([false, true])
  // The same count must see the SDK when it is on, or the answers above say nothing.
  expect(await run('off', await nowhere())).toEqual([true, true])
})

test('spans are delivered as OTLP protobuf to /v1/traces, under the name of the service', async () => {
  const bodies: { path: string | undefined; type: string | undefined; body: string }[] = []
  const collector = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString('latin1')
    bodies.push({ path: request.url, type: request.headers['content-type'], body })
    response.end()
  })
  const telemetry = startTelemetry({ serviceName: 'shop-test', endpoint: await listen(collector) })
  oneSpan()
  await telemetry.shutdown()

  expect(bodies).toHaveLength(1)
  expect(bodies[0]).toMatchObject({ path: '/v1/traces', type: 'application/x-protobuf' })
  expect(bodies[0]?.body).toContain('shop-test')
  expect(bodies[0]?.body).toContain('service.instance.id')
  expect(bodies[0]?.body).not.toMatch(/process\.(owner|command)/)
})

test('with no collector a shutdown resolves, and it is said what was lost', async () => {
  const said: string[] = []
  const telemetry = startTelemetry({
    serviceName: 'test',
    endpoint: await nowhere(),
    report: (message) => said.push(message),
  })
  oneSpan()
  await telemetry.shutdown()
  // A busy machine may have given up before it was refused.
  await expect
    .poll(() => said.join('\n'), { interval: 5 })
    .toMatch(/Traces cannot be delivered to http:.*v1\/traces \(ECONNREFUSED\)/)
})

test('a collector that accepts and never answers holds a shutdown back for 2.5 seconds at most', async () => {
  const telemetry = startTelemetry({ serviceName: 'test', endpoint: await listen(createTcpServer()) })
  oneSpan()
  // The sockets are real, and no time passes for the limits but what is let pass here.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  let isDown = false
  const down = telemetry.shutdown().then(() => (isDown = true))
  await vi.advanceTimersByTimeAsync(2_500)
  expect(isDown).toBe(true)
  await down
})

test('after a shutdown it is off and may be started again', async () => {
  const endpoint = await nowhere()
  const first = startTelemetry({ serviceName: 'test', endpoint })
  expect(() => startTelemetry({ serviceName: 'test', endpoint })).toThrow(/already started/)
  await Promise.all([first.shutdown(), first.shutdown()])
  expect(currentTracer()).toBeUndefined()
  await startTelemetry({ serviceName: 'test', endpoint }).shutdown()
})

test.each([['localhost:4318'], ['grpc://127.0.0.1:4317'], ['4318']])('the endpoint %s is refused', (endpoint) => {
  expect(() => startTelemetry({ serviceName: 'test', endpoint })).toThrow(/such as http:\/\/127\.0\.0\.1:4318/)
})

test.each([[-0.1], [1.1], [Number.NaN]])('the sample ratio %d is refused', (sampleRatio) => {
  expect(() => startTelemetry({ serviceName: 'test', endpoint: 'http://127.0.0.1:1', sampleRatio })).toThrow(
    /from 0 to 1/,
  )
})

test.each([[-1], [Number.NaN]])('the limit of %d ms is refused', (slowMs) => {
  expect(() => startTelemetry({ serviceName: 'test', slowMs })).toThrow(/0 or more/)
})

test('a second shutdown of the first does not end what was started after it', async () => {
  const first = startTelemetry({ serviceName: 'test' })
  await first.shutdown()
  const second = startTelemetry({ serviceName: 'test' })
  await first.shutdown()
  expect(await second.metrics?.scrape('text')).toContain('process_uptime')
  expect(currentRequestMetrics()).toBeDefined()
  await second.shutdown()
  expect(currentRequestMetrics()).toBeUndefined()
})
