/**
 * A trace as a waterfall: a line for each span, and a bar where it began and for how long it lasted.
 *
 * Lines of text with a drawing below each, and not one drawing: names of spans are long, and a browser knows how to cut
 * text.
 */

import type { Span, Trace } from '../src/run-file.ts'
import { html, type Markup, webAddress } from './escape.ts'
import { shareOf } from './events.ts'
import { figure } from './format.ts'

/** A load of a list can have hundreds; what matters is at the beginning. */
const MOST_SPANS = 30
const MOST_DEPTH = 6

export function waterfall({ label, traceId, url, durationMs, spans = [] }: Trace): Markup {
  const address = url === undefined ? undefined : webAddress(url)
  const until = spans.reduce((end, span) => Math.max(end, span.startMs + span.durationMs), durationMs)
  const unseen = spans.length - MOST_SPANS
  const link = address ? html`<a href="${address}" rel="noreferrer">${traceId}</a>` : html`<code>${traceId}</code>`
  const drawing = html`<ol class="waterfall">${spans.slice(0, MOST_SPANS).map((span) => spanOf(span, until))}</ol>`
  const missing = html`<p class="quiet">Its spans are not in the file${address && '; the link leads to them'}.</p>`
  return html`<section class="trace"><h3>${label} <span class="unit">${figure(durationMs)}&nbsp;ms</span></h3>
<p class="id">trace ${link}</p>
${spans.length > 0 ? drawing : missing}
${unseen > 0 && html`<p class="quiet">${unseen} more spans are not drawn.</p>`}</section>`
}

function spanOf({ name, service, depth, startMs, durationMs }: Span, untilMs: number): Markup {
  const scale = untilMs > 0 ? 1 / untilMs : 0
  const indent = Math.min(Math.max(0, Math.trunc(depth)), MOST_DEPTH)
  const x = shareOf(Math.min(1, Math.max(0, startMs * scale)))
  const width = shareOf(Math.min(1, Math.max(0, durationMs * scale)))
  return html`<li><span class="name depth-${indent}">${name}</span> <span class="service">${service}</span>
<span class="duration">${figure(durationMs)}&nbsp;ms</span>
<svg width="100%" height="8" aria-hidden="true"><line class="grid" x1="0" x2="100%" y1="4" y2="4"/>
<rect class="${lookOf(name, service)}" x="${x}" width="${width}" height="8" rx="1"/></svg></li>`
}

/** Colours mean the same here as in the charts; where a span belongs is said by its name. */
function lookOf(name: string, service: string): 'load' | 'redis' | 'ink' {
  if (/postgres/i.test(service) || /^(select|insert|update|delete|begin|commit)\b|postgres/i.test(name)) return 'load'
  return /redis/i.test(service) || /redis|^(get|mget|set|eval|evalsha|publish)$/i.test(name) ? 'redis' : 'ink'
}
