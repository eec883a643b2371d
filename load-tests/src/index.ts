/** `@shop/load-tests`: the programs behind `npm run flash-sale`, `npm run propagation` and `npm run outage`. */

export { LoadTestError } from './errors.ts'
export { type FlashSaleOptions, flashSale, type Outcome } from './flash-sale.ts'
export { outage } from './outage.ts'
export { propagation } from './propagation.ts'
export type { Step, Terminal } from './terminal.ts'
