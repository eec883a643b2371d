/** Prometheus from outside: it reaches every process, and can judge every alert. */

import { json, until } from './outside.ts'

/** DNS is asked every 5 s, and each target every 5 s. */
const TARGETS_LIMIT_MS = 30_000
const WANTED = { api: 2, worker: 1, prometheus: 1 } as const

interface Target {
  readonly health: 'up' | 'down' | 'unknown'
  readonly labels: { readonly job: string; readonly instance: string }
}

interface Rule {
  readonly name: string
  readonly health: 'ok' | 'err' | 'unknown'
}

export async function smokePrometheus(url: string): Promise<void> {
  let targets: readonly Target[] = []
  await until(
    async () => {
      const { data } = await json<{ data: { activeTargets: Target[] } }>(
        await fetch(`${url}/api/v1/targets?state=active`),
      )
      targets = data.activeTargets
      const up = (job: string) => targets.filter(({ labels, health }) => labels.job === job && health === 'up').length
      return Object.entries(WANTED).every(([job, count]) => up(job) === count)
    },
    TARGETS_LIMIT_MS,
    'Prometheus to reach every process',
  )
  for (const { labels, health } of targets)
    console.log(`compose: Prometheus: ${labels.job} ${labels.instance} ${health}`)

  const { data } = await json<{ data: { groups: { rules: Rule[] }[] } }>(await fetch(`${url}/api/v1/rules`))
  const rules = data.groups.flatMap((group) => group.rules)
  const broken = rules.filter(({ health }) => health === 'err').map(({ name }) => name)
  if (rules.length === 0 || broken.length > 0)
    throw new Error(`Of ${rules.length} alerts these cannot be judged: ${broken}`)
  console.log(`compose: Prometheus judges ${rules.length} alerts`)
}
