/**
 * Varnish as the edge: `PURGE` with the tags in a header, which its vmod xkey looks up (infra/varnish/edge.vcl).
 *
 *     PURGE / HTTP/1.1
 *     xkey-purge: product:42 list:audio:price:11 any-change
 */

import { surrogateKey } from '@shop/cache'

import { type EdgePurger, linesOf } from './edge.ts'

/** Varnish takes 8 KiB in one header (`http_req_hdr_len`). */
const LINE_LENGTH = 7_000

export function varnishPurger(url: string): EdgePurger {
  return {
    name: 'varnish',
    async purge(tags, signal) {
      for (const line of linesOf(tags.map(surrogateKey), ' ', LINE_LENGTH)) {
        const response = await fetch(url, { method: 'PURGE', headers: { 'xkey-purge': line }, signal })
        // Read to its end, or the connection could not be used again.
        await response.arrayBuffer()
        if (response.status !== 200) throw new Error(`The edge answered ${response.status} to a purge`)
      }
    },
  }
}
