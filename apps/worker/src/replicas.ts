/**
 * The processes behind addresses: a name that several replicas share stands for each of them, so that all are audited and
 * not the one that a connection happens to lead to.
 */

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'

/** Each once. Asked anew each time, because replicas come and go; a name that nobody knows stays as it is. */
export async function replicasOf(urls: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(urls.map(behind))
  return [...new Set(found.flat())]
}

async function behind(url: string): Promise<readonly string[]> {
  const { protocol, hostname, port } = new URL(url)
  // A certificate is for the name, and an address is one already.
  if (protocol !== 'http:' || hostname.startsWith('[') || isIP(hostname) !== 0) return [url]
  const all = await lookup(hostname, { all: true }).catch(() => [])
  // Of both kinds a process usually has one address each.
  const kind = all.some(({ family }) => family === 4) ? 4 : 6
  const addresses = all.filter(({ family }) => family === kind).map(({ address }) => address)
  if (addresses.length === 0) return [url]
  return addresses.map((address) => `http://${kind === 6 ? `[${address}]` : address}:${port || '80'}`)
}
