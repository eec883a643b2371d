/**
 * What `npm start` shows: one line per finished step, and on a terminal one moving line for what is under way.
 *
 *       postgres   18.4 at 127.0.0.1:15432 (0.6 s)
 *       seed       products 45 %
 *
 * Piped into a file the moving line is left out, except that a step of some length says where it is every few seconds.
 */

import { styleText } from 'node:util'

const NAME_WIDTH = 10
const SAY_AGAIN_MS = 5_000

export interface Step {
  /** Where the step is, shown while it lasts. */
  progress(text: string): void
  /** The step is over; its line stays. */
  done(text: string): void
}

export interface Terminal {
  step(name: string): Step
  /** A line of its own. */
  say(text: string): void
  warn(text: string): void
  fail(text: string): void
  /** Finished for good: nothing moves any more. */
  end(): void
}

export function openTerminal(output: NodeJS.WriteStream = process.stdout): Terminal {
  const underWay = new Map<string, string>()
  let saidAt = performance.now()
  // Whoever read our output may be gone (a closed terminal, `| head`); the shop still has to stop in order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

  const redraw = () => {
    const [current] = [...underWay].slice(-1)
    if (!output.isTTY || !current) return
    output.write(
      styleText('dim', `${column(current[0])}${current[1]}`.slice(0, (output.columns || 80) - 1), { stream: output }),
    )
  }
  const line = (text: string) => {
    if (output.isTTY) output.write('\r\u001b[K')
    output.write(`${text}\n`)
    saidAt = performance.now()
    redraw()
  }

  return {
    step(name) {
      const startedAt = performance.now()
      underWay.set(name, '…')
      redrawFrom(output, redraw)
      return {
        progress(text) {
          underWay.set(name, text)
          if (output.isTTY) redrawFrom(output, redraw)
          else if (performance.now() - saidAt > SAY_AGAIN_MS) line(`${column(name)}${text} …`)
        },
        done(text) {
          underWay.delete(name)
          const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
          line(`${column(name)}${text} ${styleText('dim', `(${seconds} s)`, { stream: output })}`)
        },
      }
    },
    say: line,
    warn: (text) => line(styleText('yellow', text, { stream: output })),
    fail: (text) => line(styleText('red', text, { stream: output })),
    end() {
      underWay.clear()
    },
  }
}

function column(name: string): string {
  return `  ${name.padEnd(NAME_WIDTH)} `
}

function redrawFrom(output: NodeJS.WriteStream, redraw: () => void): void {
  if (output.isTTY) output.write('\r\u001b[K')
  redraw()
}
