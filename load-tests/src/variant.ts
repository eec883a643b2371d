/** With what a scenario is played: the shop as it is, or one of the controls that show what its cache is worth. */

/** The value of the variable CACHE of the API. */
export type Variant = 'on' | 'off' | 'naive' | 'single-flight'

export const CONTROLS: readonly Variant[] = Object.freeze(['off', 'naive', 'single-flight'])

export const NAMES: Readonly<Record<Variant, string>> = Object.freeze({
  on: 'with the cache',
  off: 'cache off',
  naive: 'naive get/set',
  'single-flight': 'single flight only',
})
