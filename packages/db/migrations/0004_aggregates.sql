-- What is too heavy to count for each reader, counted now and then: docs/aggregates.md.
--
-- Each view has a unique index on plain columns, which REFRESH … CONCURRENTLY needs: readers see the old rows until the
-- new ones are committed. A refresh runs with an empty search path; what is called here must not look for tables.

-- Each category with everything below it, itself included.
CREATE VIEW categories_below AS
  SELECT top.id AS category_id, below.id AS below_id
    FROM categories below
      CROSS JOIN LATERAL unnest(string_to_array(below.path, '/')) step (slug)
      JOIN categories top ON top.slug = step.slug;
--> statement-breakpoint

CREATE MATERIALIZED VIEW category_counts AS
  SELECT c.id AS category_id, c.slug,
      coalesce(sum(own.products), 0)::integer AS products,
      coalesce(sum(own.in_stock), 0)::integer AS in_stock
    FROM categories c
      JOIN categories_below b ON b.category_id = c.id
      LEFT JOIN (
        SELECT category_id, count(*) AS products, count(*) FILTER (WHERE in_stock) AS in_stock
          FROM products WHERE status = 'active' GROUP BY category_id
      ) own ON own.category_id = b.below_id
    GROUP BY c.id;
--> statement-breakpoint
CREATE UNIQUE INDEX category_counts_category ON category_counts (category_id);
--> statement-breakpoint
CREATE UNIQUE INDEX category_counts_slug ON category_counts (slug);
--> statement-breakpoint

-- The products are read once and gathered per shelf before shelves are gathered per category: a product that is three
-- levels deep is counted in three categories, and its shelf is far smaller than its number of products.
CREATE MATERIALIZED VIEW category_facets AS
  WITH shelves AS (
    SELECT category_id, brand, price_band(price_amount) AS band, floor(rating_average)::integer AS stars,
        count(*) AS products, count(*) FILTER (WHERE in_stock) AS in_stock,
        min(price_amount) AS min_price, max(price_amount) AS max_price
      FROM products WHERE status = 'active'
      GROUP BY 1, 2, 3, 4
  ), cells AS (
    SELECT b.category_id, brand, band, stars, products, in_stock, min_price, max_price
      FROM categories_below b JOIN shelves ON shelves.category_id = b.below_id
  ), totals AS (
    SELECT category_id, sum(products)::integer AS products, sum(in_stock)::integer AS in_stock,
        min(min_price) AS min_price, max(max_price) AS max_price
      FROM cells GROUP BY category_id
  ), brands AS (
    SELECT category_id,
        jsonb_agg(jsonb_build_object('brand', brand, 'products', products) ORDER BY place) AS brands
      FROM (
        SELECT category_id, brand, sum(products)::integer AS products,
            row_number() OVER (PARTITION BY category_id ORDER BY sum(products) DESC, brand) AS place
          FROM cells GROUP BY category_id, brand
      ) counted
      WHERE place <= 100
      GROUP BY category_id
  ), prices AS (
    SELECT category_id,
        jsonb_agg(jsonb_build_object('from', min_price, 'to', max_price, 'products', products) ORDER BY band) AS prices
      FROM (
        SELECT category_id, band, sum(products)::integer AS products,
            min(min_price) AS min_price, max(max_price) AS max_price
          FROM cells GROUP BY category_id, band
      ) counted
      GROUP BY category_id
  ), ratings AS (
    SELECT category_id, jsonb_agg(jsonb_build_object('stars', stars, 'products', products) ORDER BY stars DESC) AS ratings
      FROM (
        SELECT category_id, stars, sum(products)::integer AS products
          FROM cells WHERE stars IS NOT NULL GROUP BY category_id, stars
      ) counted
      GROUP BY category_id
  )
  SELECT c.id AS category_id, c.slug,
      coalesce(totals.products, 0) AS products, coalesce(totals.in_stock, 0) AS in_stock,
      totals.min_price, totals.max_price,
      coalesce(brands.brands, '[]') AS brands,
      coalesce(prices.prices, '[]') AS prices,
      coalesce(ratings.ratings, '[]') AS ratings
    FROM categories c
      LEFT JOIN totals ON totals.category_id = c.id
      LEFT JOIN brands ON brands.category_id = c.id
      LEFT JOIN prices ON prices.category_id = c.id
      LEFT JOIN ratings ON ratings.category_id = c.id;
--> statement-breakpoint
CREATE UNIQUE INDEX category_facets_category ON category_facets (category_id);
--> statement-breakpoint
CREATE UNIQUE INDEX category_facets_slug ON category_facets (slug);
--> statement-breakpoint

-- Days are counted from the newest order and not from today: the seeded world stands still.
CREATE MATERIALIZED VIEW best_sellers_7 AS
  SELECT row_number() OVER (ORDER BY units DESC, orders DESC, product_id)::integer AS rank, product_id, units, orders
    FROM (
      SELECT v.product_id, sum(l.quantity) AS units, count(DISTINCT o.id)::integer AS orders
        FROM orders o
          JOIN order_lines l ON l.order_id = o.id
          JOIN variants v ON v.id = l.variant_id
          JOIN products p ON p.id = v.product_id
        WHERE o.created_at > (SELECT max(created_at) FROM orders) - interval '7 days'
          AND o.status <> 'cancelled' AND p.status = 'active'
        GROUP BY v.product_id
        ORDER BY units DESC, orders DESC, product_id LIMIT 100
    ) sold;
--> statement-breakpoint
CREATE UNIQUE INDEX best_sellers_7_rank ON best_sellers_7 (rank);
--> statement-breakpoint
CREATE MATERIALIZED VIEW best_sellers_30 AS
  SELECT row_number() OVER (ORDER BY units DESC, orders DESC, product_id)::integer AS rank, product_id, units, orders
    FROM (
      SELECT v.product_id, sum(l.quantity) AS units, count(DISTINCT o.id)::integer AS orders
        FROM orders o
          JOIN order_lines l ON l.order_id = o.id
          JOIN variants v ON v.id = l.variant_id
          JOIN products p ON p.id = v.product_id
        WHERE o.created_at > (SELECT max(created_at) FROM orders) - interval '30 days'
          AND o.status <> 'cancelled' AND p.status = 'active'
        GROUP BY v.product_id
        ORDER BY units DESC, orders DESC, product_id LIMIT 100
    ) sold;
--> statement-breakpoint
CREATE UNIQUE INDEX best_sellers_30_rank ON best_sellers_30 (rank);
--> statement-breakpoint

-- Stars from one to five. A product without reviews has no row.
CREATE MATERIALIZED VIEW product_ratings AS
  SELECT product_id, round(avg(rating), 2) AS average, count(*)::integer AS count,
      ARRAY[
        count(*) FILTER (WHERE rating = 1), count(*) FILTER (WHERE rating = 2), count(*) FILTER (WHERE rating = 3),
        count(*) FILTER (WHERE rating = 4), count(*) FILTER (WHERE rating = 5)
      ]::integer[] AS stars
    FROM reviews GROUP BY product_id;
--> statement-breakpoint
CREATE UNIQUE INDEX product_ratings_product ON product_ratings (product_id);
--> statement-breakpoint

-- Two variants of one product in an order are one product bought.
CREATE MATERIALIZED VIEW bought_together AS
  WITH baskets AS (
    SELECT DISTINCT l.order_id, v.product_id
      FROM order_lines l
        JOIN orders o ON o.id = l.order_id
        JOIN variants v ON v.id = l.variant_id
        JOIN products p ON p.id = v.product_id
      WHERE o.status <> 'cancelled' AND p.status = 'active'
  ), pairs AS (
    SELECT one.product_id, other.product_id AS other_id,
        row_number() OVER (PARTITION BY one.product_id ORDER BY count(*) DESC, other.product_id) AS place
      FROM baskets one JOIN baskets other ON other.order_id = one.order_id AND other.product_id <> one.product_id
      GROUP BY one.product_id, other.product_id
  )
  SELECT product_id, array_agg(other_id ORDER BY place) AS others FROM pairs WHERE place <= 8 GROUP BY product_id;
--> statement-breakpoint
CREATE UNIQUE INDEX bought_together_product ON bought_together (product_id);
--> statement-breakpoint

-- Creating a view fills it.
INSERT INTO view_refreshes (view, refreshed_at, duration_ms, changed)
  SELECT matviewname, now(), 0, 0 FROM pg_matviews WHERE schemaname = current_schema();
