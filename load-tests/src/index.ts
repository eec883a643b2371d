/** `@shop/load-tests`: the programs behind `npm run load`, and the measures `propagation` and `visibility`. */

export { LoadTestError } from './errors.ts'
export { load } from './load.ts'
export { helpOf, isMeasure, MEASURES, parseMeasure } from './measures.ts'
