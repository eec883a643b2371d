/**
 * What a shop under test may answer. Anything else is a failed visit; a 429 too, but for whoever insists on asking too often.
 *
 * Visitors are sent to pages that there are, so a 404 is a failure: of a product that was lost it would be the only sign. Only
 * whoever asks for what never was is rightly told so, and only whoever buys is told that it is theirs, or that none is left.
 */

const PAGE = 200
const REFUSED = [400, 404] as const
const PLACED = 201
const SOLD_OUT = 409

/** Must say when to try again. */
export const TOO_MANY = 429

/** Who insists visits, however often they are refused. */
export type Act = 'visit' | 'insist' | 'send'

export function expectedAnswers(act: Act, asksForNonsense: boolean): readonly number[] {
  if (act === 'send') return [PLACED, SOLD_OUT]
  if (act === 'insist') return [PAGE, TOO_MANY]
  return asksForNonsense ? [PAGE, ...REFUSED] : [PAGE]
}
