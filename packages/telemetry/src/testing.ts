/**
 * What tests of other packages use: spans in memory, spans of other processes,
 * spans in a real Jaeger, and traces drawn as text so that a test states their shape.
 */

export { type Collector, startCollector } from './collector.ts'
export { findJaeger, type Jaeger, readTraces, startJaeger } from './jaeger.ts'
export { differences, type MetricsRow, readMetricsPage, recordInstruments } from './metrics-page.ts'
export { writeSpans } from './otlp-json.ts'
export { type ReadFamily, readExposition } from './read-exposition.ts'
export { childrenOf, drawTraces, type RecordedSpan, rootsOf } from './recorded-span.ts'
export { type Recording, recordSpans } from './recording.ts'
