/**
 * Whether a counter has risen, its first rise included.
 *
 *     scrapes     _ _ _ 1 1 1      a counter has no line before it has counted
 *     increase          0 0 0      so its first count is no rise of anything
 *
 * Hence the second half: a counter that is there, and was not.
 */
export function risen(counter: string, window: string): string {
  return `increase(${counter}[${window}]) > 0\nor (${counter} unless ${counter} offset ${window}) > 0`
}
