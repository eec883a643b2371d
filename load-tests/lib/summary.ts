/**
 * The end of a run as one line of JSON on the standard output, for the program that started k6.
 *
 * On the standard output and not into a file, because a k6 in a container has no folder of ours to write to.
 */

interface SummaryMetric {
  readonly values: Readonly<Record<string, number>>
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>
}

/** k6 calls it when the run is over. Exported by each scenario. */
export function handleSummary({ metrics }: { readonly metrics: Readonly<Record<string, SummaryMetric>> }): {
  stdout: string
} {
  const values: Record<string, Readonly<Record<string, number>>> = {}
  const thresholds: { metric: string; threshold: string; kept: boolean }[] = []
  for (const [name, metric] of Object.entries(metrics)) {
    values[name] = metric.values
    for (const [threshold, { ok }] of Object.entries(metric.thresholds ?? {})) {
      thresholds.push({ metric: name, threshold, kept: ok })
    }
  }
  return { stdout: `${JSON.stringify({ values, thresholds })}\n` }
}
