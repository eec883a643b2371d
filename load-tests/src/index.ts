/**
 * `@shop/load-tests`: the programs behind `npm run flash-sale`, and the measures `propagation`, `visibility`, `savings`
 * and `outage`.
 */

export { LoadTestError } from './errors.ts'
export { type FlashSaleOptions, flashSale, type Outcome } from './flash-sale.ts'
export { helpOf, isMeasure, MEASURES, parseMeasure } from './measures.ts'
export type { Step, Terminal } from './terminal.ts'
