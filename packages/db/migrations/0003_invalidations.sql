-- What a write makes stale, said by the database in the writer's own transaction: tags in a row of outbox.
--
--     UPDATE prices … ─▶ products.version grows ─▶ outbox {product:42, list:audio:price:11, …} ─▶ commit ─▶ Redis
--
-- Whoever writes, by the API, by psql or in bulk, writes the row with it, or neither is committed. Prices, variants,
-- reviews and what becomes available or sells out reach products by an UPDATE that raises version (0001_rules.sql), so
-- triggers on products see all of them; what leaves version alone says nothing. Tags of entries are declared where
-- entries are, in apps/api. A scope of lists is the slug of a category, whose lists show everything below it, or *.
--
--     product:<id>                what the product shows changed; it came or went
--     category:<id>               name, slug or path of the category changed; instead of many product:<id>
--     products                    instead of very many of these
--     list:<scope>                a listed product came or went
--     list:<scope>:price:<band>   a listed product changed its price from or to this band
--     list:<scope>:stock          a listed product sold out or came back
--     list:<scope>:rating         a listed product is rated otherwise
--     lists                       instead of very many of these
--     categories                  any change of categories
--
-- One row per statement, however many rows it wrote. INSERT … ON CONFLICT DO UPDATE is two statements in this, and MERGE
-- up to three. A row is never merged into another: two rows that say the same cost a few loads, a missing one staleness.

-- How many binary digits an amount has: 32 bands, each twice as wide as the one below.
CREATE FUNCTION price_band(amount integer) RETURNS integer
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT length(ltrim(amount::bit(32)::text, '0')) $$;
--> statement-breakpoint

-- Stock: one derivation per statement, so that a delivery of 10 000 variants writes one row and not one per product.
-- An ordinary sale finds no flip here and goes no further. The flip is found by grouping: a join of the two tables is
-- planned once per session, for the few rows of the first sale, and would then be a nested loop over a bulk change.
DROP TRIGGER stock_inserted ON stock;
--> statement-breakpoint
DROP TRIGGER stock_updated ON stock;
--> statement-breakpoint
DROP TRIGGER stock_deleted ON stock;
--> statement-breakpoint
DROP FUNCTION stock_flipped();
--> statement-breakpoint
CREATE FUNCTION stock_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[];
BEGIN
  SELECT array_agg(DISTINCT v.product_id) INTO ids
    FROM changed_rows c JOIN variants v ON v.id = c.variant_id WHERE c.quantity > 0;
  IF ids IS NOT NULL THEN PERFORM products_derive(ids); END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE FUNCTION stock_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  flipped bigint[];
  ids bigint[];
BEGIN
  SELECT array_agg(variant_id) INTO flipped FROM (
    SELECT variant_id FROM (TABLE old_rows UNION ALL TABLE new_rows) both_rows
      GROUP BY variant_id HAVING bool_or(quantity > 0) <> bool_and(quantity > 0)) variant;
  IF flipped IS NULL THEN RETURN NULL; END IF;
  SELECT array_agg(DISTINCT product_id) INTO ids FROM variants WHERE id = ANY (flipped);
  IF ids IS NOT NULL THEN PERFORM products_derive(ids); END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER stock_inserted AFTER INSERT ON stock
  REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION stock_changed();
--> statement-breakpoint
CREATE TRIGGER stock_updated AFTER UPDATE ON stock
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION stock_updated();
--> statement-breakpoint
CREATE TRIGGER stock_deleted AFTER DELETE ON stock
  REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION stock_changed();
--> statement-breakpoint

-- Products that changed alike in one statement. Listed means active: archived products are in no list.
CREATE TYPE product_change AS (
  old_category bigint,
  new_category bigint,
  was_listed boolean,
  is_listed boolean,
  old_band integer, -- The bands are null if the price stayed.
  new_band integer,
  stock_flipped boolean,
  rating_changed boolean,
  ids bigint[]
);
--> statement-breakpoint

-- Writes the row for the changes of one statement, or none if there are none.
--
-- Products: up to 500 are named. Beyond, entries are reached by the category they show; an absence that is cached shows
-- none, so if a product appears among so many, every product is told.
--
-- Lists: a product that comes or goes tells every list of its path and those of the whole shop; one that stays tells
-- only those that look at what changed. The path is read under a lock that a move of the category waits for, and that
-- waits for a move:
--
--     T1: b from a to d ───────────── commit
--          T2: a price in b, path a/b ─────────────────── commit: list:a:price, list:b:price, and never list:d:price
--                     reader: fills list d ── old order       stays
--
-- With the lock T2 waits for T1 and reads d/b, or T1 waits for T2 and the reader finds b below a until both are done.
CREATE FUNCTION products_tell(changes product_change[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  products bigint;
  appeared boolean;
  category_ids bigint[];
  listed_in bigint[];
  product_tags text[];
  list_tags text[];
BEGIN
  IF changes IS NULL THEN RETURN; END IF;

  SELECT sum(cardinality(ids)), bool_or(is_listed AND NOT was_listed) INTO products, appeared FROM unnest(changes);
  SELECT array_agg(DISTINCT category_id), array_agg(DISTINCT category_id) FILTER (WHERE listed)
    INTO category_ids, listed_in
    FROM unnest(changes) c
      CROSS JOIN LATERAL (VALUES (c.old_category, c.was_listed), (c.new_category, c.is_listed)) side (category_id, listed)
    WHERE category_id IS NOT NULL;

  IF products <= 500 THEN
    SELECT array_agg('product:' || id ORDER BY id) INTO product_tags FROM unnest(changes) c, unnest(c.ids) id;
  ELSIF appeared OR cardinality(category_ids) > 500 THEN
    product_tags := ARRAY['products'];
  ELSE
    SELECT array_agg('category:' || id) INTO product_tags FROM unnest(category_ids) id;
  END IF;

  IF listed_in IS NOT NULL THEN
    PERFORM 1 FROM categories WHERE id = ANY (listed_in) ORDER BY id FOR KEY SHARE;

    SELECT array_agg(DISTINCT 'list:' || scope || aspect) INTO list_tags
      FROM (
        SELECT DISTINCT category_id, aspect
          FROM unnest(changes) c
            CROSS JOIN LATERAL (SELECT c.was_listed AND c.is_listed AND c.old_category = c.new_category AS stays) s
            CROSS JOIN LATERAL (VALUES
              (NOT stays AND c.was_listed, c.old_category, ''),
              (NOT stays AND c.is_listed, c.new_category, ''),
              (stays, c.new_category, ':price:' || c.old_band),
              (stays, c.new_category, ':price:' || c.new_band),
              (stays AND c.stock_flipped, c.new_category, ':stock'),
              (stays AND c.rating_changed, c.new_category, ':rating')
            ) touched (applies, category_id, aspect)
          WHERE applies AND aspect IS NOT NULL
      ) touched
        JOIN categories ON categories.id = touched.category_id
        CROSS JOIN LATERAL unnest(ARRAY['*'] || string_to_array(categories.path, '/')) scope;
    IF cardinality(list_tags) > 1000 THEN list_tags := ARRAY['lists']; END IF;
  END IF;

  INSERT INTO outbox (tags, source) VALUES (product_tags || list_tags, 'products');
END
$$;
--> statement-breakpoint
CREATE FUNCTION products_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changes product_change[];
BEGIN
  SELECT array_agg((NULL, category_id, false, listed, NULL, NULL, false, false, ids)::product_change) INTO changes
    FROM (
      SELECT category_id, status = 'active' AS listed, array_agg(id) AS ids FROM new_rows GROUP BY 1, 2) alike;
  PERFORM products_tell(changes);
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE FUNCTION products_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changes product_change[];
BEGIN
  SELECT array_agg((category_id, NULL, listed, false, NULL, NULL, false, false, ids)::product_change) INTO changes
    FROM (
      SELECT category_id, status = 'active' AS listed, array_agg(id) AS ids FROM old_rows GROUP BY 1, 2) alike;
  PERFORM products_tell(changes);
  RETURN NULL;
END
$$;
--> statement-breakpoint
-- The old and the new row are found by a full join, though both are there: the plan is kept for the session, made for the
-- one row of its first statement, and a full join alone is never a nested loop, which over 100 000 rows would not end.
-- It stays one only while no condition refuses a side that is absent: IS DISTINCT FROM, and not <>.
CREATE FUNCTION products_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changes product_change[];
BEGIN
  SELECT array_agg((old_category, new_category, was_listed, is_listed, old_band, new_band, flipped, rated, ids)::product_change)
    INTO changes
    FROM (
      SELECT o.category_id AS old_category, n.category_id AS new_category,
          o.status = 'active' AS was_listed, n.status = 'active' AS is_listed,
          CASE WHEN o.price_amount <> n.price_amount THEN price_band(o.price_amount) END AS old_band,
          CASE WHEN o.price_amount <> n.price_amount THEN price_band(n.price_amount) END AS new_band,
          o.in_stock <> n.in_stock AS flipped,
          o.rating_score <> n.rating_score AS rated,
          array_agg(n.id) AS ids
        FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
        WHERE o.version IS DISTINCT FROM n.version
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ) alike;
  PERFORM products_tell(changes);
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER products_inserted AFTER INSERT ON products
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION products_inserted();
--> statement-breakpoint
CREATE TRIGGER products_updated AFTER UPDATE ON products
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION products_updated();
--> statement-breakpoint
CREATE TRIGGER products_deleted AFTER DELETE ON products
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION products_deleted();
--> statement-breakpoint
-- An id is the join of both rows, and in the tags of entries.
CREATE FUNCTION products_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'product % cannot become another', OLD.id
    USING ERRCODE = 'check_violation', TABLE = 'products', CONSTRAINT = 'products_stay';
END
$$;
--> statement-breakpoint
CREATE TRIGGER products_stay BEFORE UPDATE ON products FOR EACH ROW
  WHEN (OLD.id IS DISTINCT FROM NEW.id) EXECUTE FUNCTION products_stay();
--> statement-breakpoint

-- Categories: a new one has no products and a deleted one has none left, so only the tree is told.
CREATE FUNCTION categories_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM changed_rows) THEN
    INSERT INTO outbox (tags, source) VALUES (ARRAY['categories'], 'categories');
  END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
-- A category that changes its place takes what is below it along, by further statements of categories_move_children. The
-- first statement speaks for all of them: its trigger runs after theirs, when every path is the new one. A row of which
-- only the path changed is such a follower, and says nothing itself.
--
--     UPDATE b: parent d ─▶ UPDATE below b: path ─▶ UPDATE below that: path      two that say nothing
--                                                                           └─▶ {categories, category:<b and below>, list:a, list:d}
--
-- Lists gain or lose products where the slug is on one of the two paths only: a category keeps what it shows when it is
-- moved, and what is above both its places does too.
CREATE FUNCTION categories_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  touched boolean;
  category_tags text[];
  list_tags text[];
BEGIN
  SELECT EXISTS (
    SELECT FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
      WHERE (o.parent_id, o.slug, o.name, o.position) IS DISTINCT FROM (n.parent_id, n.slug, n.name, n.position)
  ) INTO touched;
  IF NOT touched THEN RETURN NULL; END IF;

  WITH RECURSIVE moved AS (
    SELECT n.id FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
      WHERE (o.parent_id, o.slug) IS DISTINCT FROM (n.parent_id, n.slug)
    UNION
    SELECT c.id FROM categories c JOIN moved ON c.parent_id = moved.id
  ), shown AS (
    SELECT id FROM moved
    UNION
    SELECT n.id FROM old_rows o FULL JOIN new_rows n ON n.id = o.id WHERE o.name IS DISTINCT FROM n.name
  )
  SELECT array_agg('category:' || id ORDER BY id) INTO category_tags FROM shown;
  IF cardinality(category_tags) > 500 THEN category_tags := ARRAY['products']; END IF;

  SELECT array_agg(DISTINCT 'list:' || slug) INTO list_tags
    FROM (
      SELECT o.path AS old_path, c.path AS new_path
        FROM old_rows o FULL JOIN new_rows n ON n.id = o.id JOIN categories c ON c.id = n.id
        WHERE (o.parent_id, o.slug) IS DISTINCT FROM (n.parent_id, n.slug)
    ) moved CROSS JOIN LATERAL (
      SELECT slug FROM unnest(string_to_array(old_path, '/') || string_to_array(new_path, '/')) slug
        GROUP BY slug HAVING count(*) = 1
    ) one_sided;
  IF cardinality(list_tags) > 1000 THEN list_tags := ARRAY['lists']; END IF;

  INSERT INTO outbox (tags, source) VALUES (ARRAY['categories'] || category_tags || list_tags, 'categories');
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER categories_inserted AFTER INSERT ON categories
  REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION categories_changed();
--> statement-breakpoint
CREATE TRIGGER categories_updated AFTER UPDATE ON categories
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION categories_updated();
--> statement-breakpoint
CREATE TRIGGER categories_deleted AFTER DELETE ON categories
  REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION categories_changed();
--> statement-breakpoint

-- TRUNCATE names no rows, so everything is told. What a product shows of its variants goes with their tables too.
CREATE FUNCTION outbox_tell_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO outbox (tags, source) VALUES (TG_ARGV[0:], TG_TABLE_NAME);
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER products_truncated AFTER TRUNCATE ON products EXECUTE FUNCTION outbox_tell_all('products', 'lists');
--> statement-breakpoint
CREATE TRIGGER categories_truncated AFTER TRUNCATE ON categories
  EXECUTE FUNCTION outbox_tell_all('products', 'lists', 'categories');
--> statement-breakpoint
CREATE TRIGGER variants_truncated AFTER TRUNCATE ON variants EXECUTE FUNCTION outbox_tell_all('products', 'lists');
--> statement-breakpoint
CREATE TRIGGER prices_truncated AFTER TRUNCATE ON prices EXECUTE FUNCTION outbox_tell_all('products', 'lists');
--> statement-breakpoint
CREATE TRIGGER stock_truncated AFTER TRUNCATE ON stock EXECUTE FUNCTION outbox_tell_all('products', 'lists');
