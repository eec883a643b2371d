/** An API of `telemetry-cost.ts`: the real one, that says how much processor time it has used when it is asked. */

process.on('message', () => process.send?.(process.cpuUsage()))

await import(new URL('../apps/api/src/main.ts', import.meta.url).href)
