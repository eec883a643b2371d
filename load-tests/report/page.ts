/**
 * The page of a run: one file that needs nothing else, from the verdict down to how to repeat it.
 *
 * It reads as a report does. First what was found, then the promises one by one, then what the controls show, then the
 * run second by second, at last the machine and the command. The policy in its head forbids whatever is not in the page
 * itself, so that a page that is sent around cannot ask the network for anything.
 */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

import type { Run, RunFile } from '../src/run-file.ts'
import { comparison, queryBars } from './comparison.ts'
import { controlTableOf } from './control-table.ts'
import { type Content, html, Markup } from './escape.ts'
import { eventList } from './events.ts'
import { count } from './format.ts'
import { histogram } from './histogram.ts'
import { opening } from './opening.ts'
import { LEAST_SECONDS, overTime, tooShort } from './over-time.ts'
import { phaseTable } from './phases.ts'
import { provenance } from './provenance.ts'
import { endOf } from './thin.ts'
import { verdictTable } from './verdict-table.ts'
import { waterfall } from './waterfall.ts'

/** In the order in which one overrides another. */
const STYLE = ['page', 'tables', 'events', 'charts', 'media'].map((name) => fileOf(`./style/${name}.css`)).join('\n')
const SCRIPT = fileOf('./read-out.js')

const POLICY = [
  "default-src 'none'",
  `style-src ${digest(STYLE)}`,
  `script-src ${digest(SCRIPT)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** Without colour, bands differ by their stripes. */
const STRIPES = html`<svg class="hidden" width="0" height="0" aria-hidden="true"><defs>
<pattern id="stripes" width="4" height="4" patternUnits="userSpaceOnUse">
<rect class="stripe" width="4" height="1.2"/></pattern>
</defs></svg>`

export function page(file: RunFile): string {
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${file.title} · ${file.kept ? 'kept' : 'broken'}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
${STRIPES}
<main>
${opening(file)}
${section('Promises', verdictTable(file.judgements))}
${file.runs.length > 0 && sectionsOf(file.runs)}
${provenance(file)}
</main>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`)
}

function sectionsOf(runs: readonly Run[]): Markup {
  const ofRun = (title: string, { name }: Run): string => (runs.length > 1 ? `${title}, ${name}` : title)
  return html`${section(runs.length > 1 ? 'With and without' : 'What was measured', sideBySide(runs))}
${section('Over time', timelines(runs))}
${runs.map((run) => run.staleness && section(ofRun('Time to visible', run), histogram(run.staleness)))}
${runs.map((run) => {
  const traces = run.traces ?? []
  if (traces.length === 0) return undefined
  return section(ofRun('Example traces', run), html`${tracedOf(run)}<div class="traces">${traces.map(waterfall)}</div>`)
})}`
}

function tracedOf({ traced }: Run): Markup | undefined {
  if (traced === undefined) return undefined
  return html`<p class="quiet">Chosen from ${count(traced)} requests of which every step was recorded. They are in
<code>traces.json</code> beside this page too, a file that Jaeger opens (Search, Upload).</p>`
}

function section(title: string, content: Content): Markup {
  return html`<section><h2>${title}</h2>${content}</section>`
}

function sideBySide(runs: readonly Run[]): Markup {
  return html`${controlTableOf(runs)}
<p class="quiet">Latencies are those of answers that were expected. The hit rate is the share of answers that needed no
load of their own, among those that asked the cache. Dropped is what the generator should have sent and could not.
Queries are the statements that Postgres counted.</p>
${queryBars(runs)}${comparison(runs)}`
}

/** One run is shown at a time: below each other they would be three screens away from what they are compared with. */
function timelines(runs: readonly Run[]): Markup {
  const longest = Math.max(...runs.map(({ seconds }) => seconds.length))
  if (longest < LEAST_SECONDS) return tooShort(longest)
  const panels = runs.map((run, index) => {
    const isLong = run.seconds.length >= LEAST_SECONDS
    return html`<div class="panel panel-${index}">${runs.length > 1 && html`<h3>${run.name}</h3>`}
${eventList(run.events, endOf(run))}
${overTime(run, `run-${index}`)}
${isLong && phaseTable(run, endOf(run))}</div>`
  })
  return html`<div class="timelines">${runs.length > 1 && choiceOf(runs)}${panels}</div>`
}

function choiceOf(runs: readonly Run[]): Markup {
  const options = runs.map(({ name }, index) => {
    const state = index === 0 && html`checked`
    const input = html`<input type="radio" name="run" id="run-${index}" ${state}>`
    return html`<label>${input}<span>${name}</span></label>`
  })
  return html`<fieldset class="choice"><legend class="hidden">Run</legend>${options}</fieldset>`
}

function fileOf(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
}

/** How a policy names what stands in the page. */
function digest(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
