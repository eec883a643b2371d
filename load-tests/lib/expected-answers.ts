/**
 * What a shop under test may answer. Anything else is a failed visit, a 429 too.
 *
 * Visitors are sent to pages that there are, so a 404 is a failure: of a product that was lost it would be the only sign. Only
 * whoever asks for what never was is rightly told so, and only whoever buys is told that it is theirs, or that none is left.
 */

const PAGE = 200
const REFUSED = [400, 404] as const
const PLACED = 201
const SOLD_OUT = 409

export type Act = 'visit' | 'send'

export function expectedAnswers(act: Act, asksForNonsense: boolean): readonly number[] {
  if (act === 'send') return [PLACED, SOLD_OUT]
  return asksForNonsense ? [PAGE, ...REFUSED] : [PAGE]
}
