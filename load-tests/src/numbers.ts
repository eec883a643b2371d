/** Numbers as people read them. */

/** 12345 as "12 345", the way of ISO 31-0: a comma or a point would be a fraction to half of the world. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
