/** The beginning of the page: what was asked, what was found, and what to know before believing it. */

import type { Run, RunFile } from '../src/run-file.ts'
import { html, type Markup } from './escape.ts'
import { hitRate, latencyOf, queriesPerThousand, saved } from './figures.ts'
import { count, date, figure, percent, unbroken } from './format.ts'

export function opening(file: RunFile): Markup {
  const { scenario, size, startedAt, title, kept, conclusion, runs } = file
  const [run, control] = runs
  const when = html`<time datetime="${startedAt}">${date(startedAt)}</time>`
  const badge = html`<span class="badge ${kept ? 'kept' : 'broken'}">${kept ? '✔ kept' : '✘ broken'}</span>`
  return html`<header>
<p class="eyebrow">Load test <b>${scenario}</b> · ${size} · ${when}</p>
<h1>${title}</h1>
<p class="conclusion">${badge} ${unbroken(conclusion)}</p>
${warnings(file)}
${run && run.requests > 0 && highlights(run, control)}
<dl class="header">
<dt>Question</dt><dd>${unbroken(file.question)}</dd>
<dt>Workload</dt><dd>${unbroken(file.workload)}</dd>
<dt>Expectation</dt><dd>${unbroken(file.expectation)}</dd>
</dl></header>`
}

/** What would make a reader believe too much stands above the figures. */
function warnings({ generator, runs }: RunFile): readonly Markup[] {
  const said: Markup[] = []
  if (generator.bottleneck) {
    said.push(html`<b>The load generator was the bottleneck.</b> It used ${percent(generator.cpuShare)} of a core, so
this run says how fast the generator is, and not how fast the shop is. ${generator.note}`)
  }
  if (runs.length === 0) said.push(html`<b>No run is in this file.</b> There are no figures to show.`)
  if (runs[0]?.requests === 0) {
    said.push(html`<b>No request was made.</b> Whatever stands below was not tested by traffic.`)
  }
  return said.map((warning) => html`<p class="warning">${warning}</p>`)
}

/** The four figures that people ask for first. */
function highlights(run: Run, control: Run | undefined): Markup {
  const spared = control && saved(run, control)
  const rate = queriesPerThousand(run)
  const queries =
    control && spared !== undefined && spared > 0
      ? html`<li><b>${percent(spared)}</b> fewer database queries than with ${control.name}</li>`
      : rate !== undefined && html`<li><b>${figure(rate)}</b> database queries per 1&nbsp;000 requests</li>`
  const [p99, slowest] = [latencyOf(run, 'p99'), latencyOf(run, 'max')]
  return html`<ul class="highlights">${queries}
<li><b>${percent(hitRate(run))}</b> of answers needed no load of their own</li>
<li><b>${p99}&nbsp;ms</b> p99, the slowest ${slowest}&nbsp;ms</li>
<li><b>${count(run.failed)}</b> failed of ${count(run.requests)} requests</li></ul>`
}
