/** Each promise with its threshold and what was measured, by run. */

import type { RunFile } from '../src/run-file.ts'
import { html, type Markup } from './escape.ts'
import { unbroken } from './format.ts'

type JudgementOfRun = RunFile['judgements'][number]

export function verdictTable(judgements: readonly JudgementOfRun[]): Markup {
  if (judgements.length === 0) return html`<p class="quiet">No promise was judged in this run.</p>`
  const runs = [...new Set(judgements.map(({ run }) => run))]
  const groups = runs.map((run) =>
    groupOf(
      run,
      judgements.filter((judgement) => judgement.run === run),
    ),
  )
  return html`<table class="verdict">
<caption>${summary(judgements)}</caption>
<thead><tr><th scope="col">promise</th><th scope="col">threshold</th><th scope="col">measured</th>
<th scope="col"><span class="hidden">kept</span></th></tr></thead>
${groups}</table>`
}

function groupOf(run: string, judgements: readonly JudgementOfRun[]): Markup {
  return html`<tbody><tr><th colspan="4" scope="rowgroup">${run}</th></tr>${judgements.map(rowOf)}</tbody>`
}

function rowOf({ promise, threshold, measured, kept }: JudgementOfRun): Markup {
  const word = kept ? 'kept' : 'broken'
  const sign = html`<span aria-hidden="true">${kept ? '✔' : '✘'}</span><span class="hidden">${word}</span>`
  return html`<tr class="${word}"><th scope="row">${unbroken(promise)}</th><td>${unbroken(threshold)}</td>
<td>${unbroken(measured)}</td><td class="sign">${sign}</td></tr>`
}

function summary(judgements: readonly JudgementOfRun[]): string {
  const kept = judgements.filter((judgement) => judgement.kept).length
  if (kept === judgements.length) return kept === 1 ? 'The promise is kept.' : `All ${kept} promises are kept.`
  return `${kept} of ${judgements.length} promises are kept, ${judgements.length - kept} broken.`
}
