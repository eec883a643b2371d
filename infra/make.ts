/**
 * Writes what is made from data: the rules and their cases, the dashboards, and what the load profile asks for.
 *
 *     node infra/make.ts
 *
 * The files are committed, because Prometheus, Grafana and k6 read them; a test says that they are what this makes.
 */

import { writeFileSync } from 'node:fs'

import { generatedFiles } from './generated-files.ts'

for (const [file, text] of generatedFiles()) {
  writeFileSync(new URL(file, import.meta.url), text)
  console.log(`infra/${file}`)
}
