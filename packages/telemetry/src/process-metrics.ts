/**
 * What the process itself says: its processor time, its memory, its event loop and its garbage collection.
 *
 * Names are those of the semantic conventions for processes, Node.js and V8. Everything is read when it is collected; in
 * between run a timer in native code, which measures how late the event loop is, and an observer that is called for each
 * collection of garbage.
 */

import {
  constants,
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks'
import { getHeapSpaceStatistics } from 'node:v8'
import { metrics } from '@opentelemetry/api'

/** Every so many milliseconds the delay is measured. The time itself is not part of it. */
const DELAY_RESOLUTION_MS = 10

const GC_TYPES: ReadonlyMap<number | undefined, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
])

/** The bounds of the conventions start at 10 ms, which few collections here take. */
const GC_BOUNDS_S = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1]

/** Returns what ends it. */
export function observeProcess(): () => void {
  observeResources()
  const stops = [observeEventLoop(), observeGarbage()]
  return () => {
    for (const stop of stops) stop()
  }
}

function observeResources(): void {
  const meter = metrics.getMeter('@shop/telemetry')
  meter
    .createObservableCounter('process.cpu.time', { unit: 's', description: 'Processor time used' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage()
      result.observe(user / 1e6, { 'cpu.mode': 'user' })
      result.observe(system / 1e6, { 'cpu.mode': 'system' })
    })
  meter
    .createObservableUpDownCounter('process.memory.usage', { unit: 'By', description: 'Resident memory' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()))
  meter
    .createObservableGauge('process.uptime', { unit: 's', description: 'Since the process started' })
    .addCallback((result) => result.observe(process.uptime()))
  meter
    .createObservableUpDownCounter('v8js.memory.heap.used', { unit: 'By', description: 'Used of the heap' })
    .addCallback((result) => {
      for (const { space_name, space_used_size } of getHeapSpaceStatistics()) {
        result.observe(space_used_size, { 'v8js.heap.space.name': space_name })
      }
    })
}

/** Of the time since the last collection: of two that collect, each sees only a part. */
function observeEventLoop(): () => void {
  const meter = metrics.getMeter('@shop/telemetry')
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
  delay.enable()
  const lateness = (name: string, of: string) =>
    meter.createObservableGauge(`nodejs.eventloop.delay.${name}`, {
      unit: 's',
      description: `How late timers are, ${of}`,
    })
  const median = lateness('p50', 'median')
  const p99 = lateness('p99', 'the 99th percentile')
  const worst = lateness('max', 'maximum')
  meter.addBatchObservableCallback(
    (result) => {
      // Without a measurement it has no percentile; its maximum is then 0.
      result.observe(median, seconds(delay.percentile(50)))
      result.observe(p99, seconds(delay.percentile(99)))
      result.observe(worst, seconds(delay.max))
      delay.reset()
    },
    [median, p99, worst],
  )

  let before = performance.eventLoopUtilization()
  meter
    .createObservableGauge('nodejs.eventloop.utilization', { unit: '1', description: 'Share of time it was busy' })
    .addCallback((result) => {
      const now = performance.eventLoopUtilization()
      result.observe(performance.eventLoopUtilization(now, before).utilization)
      before = now
    })
  return () => delay.disable()
}

/** From nanoseconds, as measured: with the interval of the timer in it. */
function seconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - DELAY_RESOLUTION_MS / 1e3)
}

function observeGarbage(): () => void {
  const durations = metrics.getMeter('@shop/telemetry').createHistogram('v8js.gc.duration', {
    unit: 's',
    description: 'Time that collecting garbage took',
    advice: { explicitBucketBoundaries: GC_BOUNDS_S },
  })
  const observer = new PerformanceObserver((entries) => {
    for (const entry of entries.getEntries()) {
      const type = GC_TYPES.get(kindOf(entry))
      if (type !== undefined) durations.record(entry.duration / 1e3, { 'v8js.gc.type': type })
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  return () => observer.disconnect()
}

/** The declarations of Node know no entry of garbage collection. */
function kindOf(entry: PerformanceEntry): number | undefined {
  return (entry as { readonly detail?: { readonly kind: number } }).detail?.kind
}
