/** The end of the page: where the figures come from, and the command that makes them again. */

import type { RunFile } from '../src/run-file.ts'
import { type Content, html, type Markup } from './escape.ts'
import { date, percent } from './format.ts'

export function provenance({ machine, commit, versions, command, generator, startedAt }: RunFile): Markup {
  const { processor, cores, memoryGiB, system } = machine
  const rows: readonly (readonly [name: string, value: Content])[] = [
    ['machine', `${cores} cores of ${processor}, ${memoryGiB} GiB, ${system}`],
    ['load generator', loadOf(generator)],
    ['commit', commitOf(commit)],
    [
      'versions',
      Object.entries(versions).map(([name, version]) => html`<span class="version">${name} ${version}</span> `),
    ],
    ['date', date(startedAt)],
    // A line may end between the words of a command, and not inside of --control.
    ['command', html`<code>${command.split(' ').map((word) => html`<span class="word">${word}</span> `)}</code>`],
  ]
  return html`<section><h2>How to repeat it</h2>
<dl class="provenance">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section>`
}

function loadOf({ cpuShare, bottleneck, note }: RunFile['generator']): Markup {
  const judged = bottleneck ? html`<b>it was the bottleneck</b>` : 'not the bottleneck'
  return html`${percent(cpuShare)} of one core in the mean; ${judged}${!bottleneck && note && `. ${note}`}`
}

function commitOf(commit: RunFile['commit']): Content {
  if (!commit) return 'not known'
  return html`<code>${commit.id}</code>, ${commit.changed ? 'with changes that are not in it' : 'unchanged'}`
}
