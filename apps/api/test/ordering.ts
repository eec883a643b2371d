/** What tests of orders begin with: the fixture, with nothing ordered yet, and its customers. */

import type { Sql } from '@shop/db'

import { customerToken } from '../src/http/customer.ts'
import { insertFixture } from './fixture.ts'
import { CUSTOMER_SECRET } from './test-app.ts'

export async function insertFixtureWithoutOrders(sql: Sql): Promise<void> {
  await sql`delete from orders`
  await insertFixture(sql)
}

/** Headers of a request of this customer. The fixture has two: 1 and 2. */
export async function asCustomer(id: number): Promise<{ Authorization: string }> {
  return { Authorization: `Bearer ${await customerToken(CUSTOMER_SECRET, id, 3600)}` }
}
