/**
 * Settings of a scenario, handed over with `k6 run --env NAME=value`.
 *
 * Their names never begin with K6_: k6 takes K6_VUS, K6_DURATION, K6_ITERATIONS and K6_STAGES for its own and then
 * discards the scenarios of the script, silently.
 */

import { SharedArray } from 'k6/data'

export function setting(name: string): string {
  const value = __ENV[name]
  if (value === undefined || value === '') throw new Error(`The scenario needs --env ${name}=…`)
  return value
}

export function numberSetting(name: string): number {
  const value = Number(setting(name))
  if (!Number.isFinite(value)) throw new Error(`The setting ${name} must be a number`)
  return value
}

/** Values separated by commas, at least one. */
export function listSetting(name: string): readonly string[] {
  return setting(name).split(',')
}

/** A file with a JSON array of strings: read once and shared by all VUs. */
export function fileSetting(name: string): readonly string[] {
  const path = setting(name)
  return new SharedArray(name, () => JSON.parse(open(path)) as string[])
}
