/** `@shop/load-tests`: the programs behind `npm run flash-sale`. */

export { LoadTestError } from './errors.ts'
export { type FlashSaleOptions, flashSale, type Outcome } from './flash-sale.ts'
export type { Step, Terminal } from './terminal.ts'
