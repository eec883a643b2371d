/** What readers ask of the views, and the same asked of the tables: one request's worth each. `$popular` is a product. */

interface Question {
  readonly name: string
  readonly question: string
  readonly live: string
  readonly read: string
}

const facets = (slug: string) => `
  select brand, price_band(price_amount) as band, floor(rating_average) as stars,
      count(*), count(*) filter (where in_stock), min(price_amount), max(price_amount)
    from products
    where status = 'active' and category_id = any(array(
      select below.id from categories top join categories below on below.id = top.id or below.path like top.path || '/%'
        where top.slug = '${slug}'))
    group by grouping sets ((), (brand), (price_band(price_amount)), (floor(rating_average)))`

const bestSellers = (days: number) => `
  select v.product_id, sum(l.quantity) as units, count(distinct o.id) as orders
    from orders o
      join order_lines l on l.order_id = o.id
      join variants v on v.id = l.variant_id
      join products p on p.id = v.product_id
    where o.created_at > (select max(created_at) from orders) - interval '${days} days'
      and o.status <> 'cancelled' and p.status = 'active'
    group by v.product_id order by units desc, orders desc, v.product_id limit 24`

export const QUESTIONS: readonly Question[] = [
  {
    name: 'facets of a leaf',
    question: 'brands, prices and ratings of one leaf of the tree',
    live: facets('headphones'),
    read: `select * from category_facets where slug = 'headphones'`,
  },
  {
    name: 'facets of a root',
    question: 'the same of a root and everything below it',
    live: facets('electronics'),
    read: `select * from category_facets where slug = 'electronics'`,
  },
  {
    name: 'counts',
    question: 'how many products each category has',
    live: `
      select b.category_id, count(p.id), count(p.id) filter (where p.in_stock)
        from categories_below b left join products p on p.category_id = b.below_id and p.status = 'active'
        group by b.category_id`,
    read: 'select * from category_counts',
  },
  {
    name: 'best sellers, 7 days',
    question: 'the first 24 of a week',
    live: bestSellers(7),
    read: 'select * from best_sellers_7 where rank <= 24 order by rank',
  },
  {
    name: 'best sellers, 30 days',
    question: 'the first 24 of a month',
    live: bestSellers(30),
    read: 'select * from best_sellers_30 where rank <= 24 order by rank',
  },
  {
    name: 'ratings',
    question: 'average and stars of the most popular product',
    live: `
      select avg(rating), count(*), count(*) filter (where rating = 1), count(*) filter (where rating = 2),
          count(*) filter (where rating = 3), count(*) filter (where rating = 4), count(*) filter (where rating = 5)
        from reviews where product_id = $popular`,
    read: `select * from product_ratings where product_id = $popular`,
  },
  {
    name: 'bought together',
    question: 'what else is in the orders of the most popular product',
    live: `
      select other.product_id, count(distinct l.order_id) as times
        from variants own
          join order_lines l on l.variant_id = own.id
          join orders o on o.id = l.order_id and o.status <> 'cancelled'
          join order_lines m on m.order_id = l.order_id
          join variants other on other.id = m.variant_id and other.product_id <> own.product_id
          join products p on p.id = other.product_id and p.status = 'active'
        where own.product_id = $popular
        group by other.product_id order by times desc, other.product_id limit 8`,
    read: `select * from bought_together where product_id = $popular`,
  },
]
