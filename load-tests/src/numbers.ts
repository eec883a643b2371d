/** Numbers as people read them. */

/** 12345 as "12 345", the way of ISO 31-0: a comma or a point would be a fraction to half of the world. */
export function grouped(value: number, digits = 0): string {
  const [whole = '', fraction] = value.toFixed(digits).split('.')
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ' ')
  return fraction === undefined ? groups : `${groups}.${fraction}`
}

export function seconds(ms: number): string {
  return `${grouped(ms / 1_000, 1)} s`
}

export function milliseconds(value: number): string {
  return `${grouped(value, 1)} ms`
}
