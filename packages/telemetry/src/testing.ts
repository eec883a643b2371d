/**
 * What tests of other packages use: spans in memory, spans in a real Jaeger,
 * and traces drawn as text so that a test states their shape.
 */

export { findJaeger, type Jaeger, readTraces, startJaeger } from './jaeger.ts'
export { drawTraces, type RecordedSpan } from './recorded-span.ts'
export { type Recording, recordSpans } from './recording.ts'
