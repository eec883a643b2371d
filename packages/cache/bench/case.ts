/** A case: what is measured against what, and what it should come to. */

/** How a case is run. */
export interface Run {
  readonly rounds: number
  /** Cases with turns compare this process's own time on the processors, which a busy machine does not lengthen much. */
  readonly cpu: boolean
  /** Shows where the time of these turns goes; absent unless it is asked for. */
  readonly profile:
    | ((turn: () => Promise<void> | void, prepare?: () => Promise<void> | void) => Promise<void>)
    | undefined
}

/** What it opens is closed by the stack, whatever happens. */
export type Measure = (run: Run, stack: AsyncDisposableStack) => Promise<Measured>

export interface Case {
  readonly name: string
  /** What it is held against, in a few words. */
  readonly against: string
  /** What the figure should be, such as `≥ 0.6 ×`; empty for a fact. */
  readonly goal: string
  readonly measure: Measure
}

export interface Measured {
  /** What is held against the goal. */
  readonly figure: string
  /** Absent for a fact without a goal. */
  readonly kept?: boolean
  readonly candidate: string
  readonly baseline: string
}

/** One line of the table. */
export type Row = readonly [
  mark: string,
  figure: string,
  goal: string,
  candidate: string,
  baseline: string,
  name: string,
]

export const HEAD: Row = ['', 'measured', 'goal', 'the cache', 'baseline', 'case / baseline']

export function rowOf({ name, against, goal }: Case, { kept, figure, candidate, baseline }: Measured): Row {
  return [kept === undefined ? '·' : kept ? '✔' : '✘', figure, goal, candidate, baseline, `${name} / ${against}`]
}

/** As wide as the widest of their column. */
const WIDTHS = [1, 28, 21, 15, 15]

export function lineOf(row: Row): string {
  return row.map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0)).join('  ')
}
