/**
 * The warm list: the products that will be asked for first.
 *
 * What was opened most lately, in all processes together. Where that is too few, as in a new shop, what sold best in
 * thirty days; and after that what is popular. Each of the three is bounded before they meet, so the question costs the
 * same in a shop of a million products.
 */

import type { Sql } from '@shop/db'

export const WARM_LIST_LENGTH = 1_000

/** Ids of active products, each once, those first that matter most. */
export async function warmList(sql: Sql, length = WARM_LIST_LENGTH): Promise<readonly number[]> {
  const rows = await sql<{ id: number }[]>`
    select id from (
        select distinct on (id) id, source, weight from (
            (select product_id as id, 1 as source, reads as weight
              from product_traffic join products on products.id = product_id and status = 'active'
              order by reads desc, product_id limit ${length})
            union all
            (select product_id, 2, units
              from best_sellers_30 join products on products.id = product_id and status = 'active'
              order by units desc, product_id limit ${length})
            union all
            (select id, 3, popularity from products
              where status = 'active' order by popularity desc, id desc limit ${length})
          ) as candidates
          order by id, source
      ) as chosen
      order by source, weight desc, id
      limit ${length}`
  return rows.map(({ id }) => id)
}
