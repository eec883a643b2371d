-- The rules that a check, a unique index or a foreign key cannot say, and the derived columns.
--
-- Every violation raised here carries the SQLSTATE of a check violation and a constraint name, so that a caller treats
-- all refusals alike.

-- Extensions. pg_stat_statements wants a superuser; without it the shop runs, and only statistics are missing.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
--> statement-breakpoint
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
  RAISE NOTICE 'pg_stat_statements is not available: %', SQLERRM;
END
$$;
--> statement-breakpoint

-- Room for heap-only updates: a bump of version or a flip of in_stock touches no index.
ALTER TABLE products SET (fillfactor = 85);
--> statement-breakpoint
ALTER TABLE stock SET (fillfactor = 80);
--> statement-breakpoint

-- Categories: path is the parent's path and the own slug, and nobody is below himself.
--
-- Two changes at once could each miss what the other does:
--
--     T1: a below b ----------------------- commit
--          T2: b below a ----------------------- commit        a ring
--          T2: insert c below a, path as before - commit       a wrong path
--
-- so they queue for one lock, taken before the parent is read: in READ COMMITTED the reading statement then sees what
-- the other transaction has committed.
CREATE FUNCTION categories_keep_path() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  parent_path text;
BEGIN
  IF TG_OP = 'INSERT' OR (NEW.parent_id, NEW.slug) IS DISTINCT FROM (OLD.parent_id, OLD.slug) THEN
    PERFORM pg_advisory_xact_lock(hashtext('shop.categories.path'));
  END IF;
  IF NEW.parent_id IS NULL THEN
    NEW.path := NEW.slug;
    RETURN NEW;
  END IF;
  SELECT path INTO parent_path FROM categories WHERE id = NEW.parent_id;
  IF TG_OP = 'UPDATE' AND (NEW.parent_id = OLD.id OR starts_with(parent_path, OLD.path || '/')) THEN
    RAISE EXCEPTION 'category % cannot be below itself', OLD.id
      USING ERRCODE = 'check_violation', TABLE = 'categories', CONSTRAINT = 'categories_no_ring';
  END IF;
  -- An absent parent leaves the slug alone; the foreign key then refuses the row.
  NEW.path := coalesce(parent_path || '/', '') || NEW.slug;
  RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE TRIGGER categories_keep_path BEFORE INSERT OR UPDATE ON categories
  FOR EACH ROW EXECUTE FUNCTION categories_keep_path();
--> statement-breakpoint
-- A moved or renamed category takes what is below it along, level by level.
CREATE FUNCTION categories_move_children() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE categories SET path = path WHERE parent_id = NEW.id;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER categories_move_children AFTER UPDATE ON categories
  FOR EACH ROW WHEN (OLD.path IS DISTINCT FROM NEW.path) EXECUTE FUNCTION categories_move_children();
--> statement-breakpoint

-- Products: every visible change makes version grow, whoever makes it. A statement that raises version itself (to say
-- that something below the product changed) is left alone.
CREATE FUNCTION products_keep_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.version < OLD.version THEN
    RAISE EXCEPTION 'version of product % cannot shrink', OLD.id
      USING ERRCODE = 'check_violation', TABLE = 'products', CONSTRAINT = 'products_version_grows';
  END IF;
  IF NEW.version = OLD.version AND
    (NEW.slug, NEW.name, NEW.description, NEW.category_id, NEW.brand, NEW.status, NEW.price_amount,
     NEW.price_compare_at, NEW.currency, NEW.in_stock, NEW.rating_average, NEW.rating_count)
    IS DISTINCT FROM
    (OLD.slug, OLD.name, OLD.description, OLD.category_id, OLD.brand, OLD.status, OLD.price_amount,
     OLD.price_compare_at, OLD.currency, OLD.in_stock, OLD.rating_average, OLD.rating_count)
  THEN
    NEW.version := OLD.version + 1;
  END IF;
  IF NEW.version <> OLD.version THEN
    NEW.updated_at := greatest(now(), OLD.updated_at);
  END IF;
  RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE TRIGGER products_keep_version BEFORE UPDATE ON products
  FOR EACH ROW EXECUTE FUNCTION products_keep_version();
--> statement-breakpoint

-- Derives price_amount, price_compare_at, currency and in_stock of some products again and raises their version.
--
-- The rows are locked first, in the order of their ids, and read in a later statement. Otherwise two transactions that
-- each sell out one of two variants would both see the other variant in stock:
--
--     T1: variant a = 0, sees b = 5 --- in_stock stays --- commit
--        T2: variant b = 0, sees a = 5 --- in_stock stays --- commit       sold out, and listed as in stock
--
-- With the lock T2 waits for T1 and then sees a = 0.
CREATE FUNCTION products_derive(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  mixed bigint;
BEGIN
  PERFORM 1 FROM products WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;

  SELECT v.product_id INTO mixed
    FROM variants v JOIN prices p ON p.variant_id = v.id
    WHERE v.product_id = ANY (ids)
    GROUP BY v.product_id HAVING count(DISTINCT p.currency) > 1 LIMIT 1;
  IF mixed IS NOT NULL THEN
    RAISE EXCEPTION 'product % has prices in more than one currency', mixed
      USING ERRCODE = 'check_violation', TABLE = 'prices', CONSTRAINT = 'prices_one_currency',
        HINT = 'Change the currency of all variants of a product in one statement.';
  END IF;

  UPDATE products SET
      price_amount = lowest.amount,
      price_compare_at = lowest.compare_at,
      currency = lowest.currency,
      in_stock = EXISTS (
        SELECT FROM variants v JOIN stock s ON s.variant_id = v.id WHERE v.product_id = subject.id AND s.quantity > 0),
      version = products.version + 1
    FROM products subject LEFT JOIN LATERAL (
      SELECT p.amount, p.compare_at, p.currency FROM variants v JOIN prices p ON p.variant_id = v.id
        WHERE v.product_id = subject.id ORDER BY p.amount, v.position, v.id LIMIT 1) lowest ON true
    WHERE subject.id = ANY (ids) AND products.id = subject.id;
END
$$;
--> statement-breakpoint

-- Prices: one derivation per statement, however many rows it wrote; none for a write that changes nothing.
CREATE FUNCTION prices_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[];
BEGIN
  SELECT array_agg(DISTINCT v.product_id) INTO ids FROM new_rows n JOIN variants v ON v.id = n.variant_id;
  IF ids IS NOT NULL THEN PERFORM products_derive(ids); END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE FUNCTION prices_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[];
BEGIN
  SELECT array_agg(DISTINCT v.product_id) INTO ids
    FROM (
      (SELECT variant_id, amount, currency, compare_at FROM new_rows
        EXCEPT SELECT variant_id, amount, currency, compare_at FROM old_rows)
      UNION ALL
      (SELECT variant_id, amount, currency, compare_at FROM old_rows
        EXCEPT SELECT variant_id, amount, currency, compare_at FROM new_rows)
    ) changed JOIN variants v ON v.id = changed.variant_id;
  IF ids IS NOT NULL THEN PERFORM products_derive(ids); END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE FUNCTION prices_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[];
BEGIN
  -- Prices that go because their variant goes find none here: the trigger on variants derives for them.
  SELECT array_agg(DISTINCT v.product_id) INTO ids FROM old_rows o JOIN variants v ON v.id = o.variant_id;
  IF ids IS NOT NULL THEN PERFORM products_derive(ids); END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER prices_inserted AFTER INSERT ON prices
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION prices_inserted();
--> statement-breakpoint
CREATE TRIGGER prices_updated AFTER UPDATE ON prices
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION prices_updated();
--> statement-breakpoint
CREATE TRIGGER prices_deleted AFTER DELETE ON prices
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION prices_deleted();
--> statement-breakpoint
CREATE FUNCTION prices_keep_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE TRIGGER prices_keep_updated_at BEFORE UPDATE ON prices FOR EACH ROW
  WHEN ((OLD.amount, OLD.currency, OLD.compare_at) IS DISTINCT FROM (NEW.amount, NEW.currency, NEW.compare_at))
  EXECUTE FUNCTION prices_keep_updated_at();
--> statement-breakpoint

-- Stock: only a variant that becomes available or sells out reaches the product. The condition stands in WHEN, so that
-- an ordinary sale does not even call the function.
CREATE FUNCTION stock_flipped() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  product bigint;
BEGIN
  SELECT product_id INTO product FROM variants WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.variant_id ELSE NEW.variant_id END;
  IF product IS NOT NULL THEN PERFORM products_derive(ARRAY[product]); END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER stock_inserted AFTER INSERT ON stock FOR EACH ROW
  WHEN (NEW.quantity > 0) EXECUTE FUNCTION stock_flipped();
--> statement-breakpoint
CREATE TRIGGER stock_updated AFTER UPDATE ON stock FOR EACH ROW
  WHEN ((OLD.quantity > 0) IS DISTINCT FROM (NEW.quantity > 0)) EXECUTE FUNCTION stock_flipped();
--> statement-breakpoint
CREATE TRIGGER stock_deleted AFTER DELETE ON stock FOR EACH ROW
  WHEN (OLD.quantity > 0) EXECUTE FUNCTION stock_flipped();
--> statement-breakpoint

-- Variants are part of what a product shows, and never leave it.
CREATE FUNCTION variants_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'variant % cannot move to another product', OLD.id
    USING ERRCODE = 'check_violation', TABLE = 'variants', CONSTRAINT = 'variants_stay',
      HINT = 'Insert a new variant there and delete this one.';
END
$$;
--> statement-breakpoint
CREATE TRIGGER variants_stay BEFORE UPDATE ON variants FOR EACH ROW
  WHEN (OLD.product_id IS DISTINCT FROM NEW.product_id) EXECUTE FUNCTION variants_stay();
--> statement-breakpoint
-- The owner of prices and stock keeps its identity too, which the two lookups above rely on.
CREATE FUNCTION variant_id_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a row of % cannot move to another variant', TG_TABLE_NAME
    USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END
$$;
--> statement-breakpoint
CREATE TRIGGER prices_variant_stays BEFORE UPDATE ON prices FOR EACH ROW
  WHEN (OLD.variant_id IS DISTINCT FROM NEW.variant_id) EXECUTE FUNCTION variant_id_stays();
--> statement-breakpoint
CREATE TRIGGER stock_variant_stays BEFORE UPDATE ON stock FOR EACH ROW
  WHEN (OLD.variant_id IS DISTINCT FROM NEW.variant_id) EXECUTE FUNCTION variant_id_stays();
--> statement-breakpoint
CREATE FUNCTION variants_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[];
BEGIN
  SELECT array_agg(DISTINCT product_id) INTO ids FROM changed_rows;
  IF ids IS NOT NULL THEN PERFORM products_derive(ids); END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER variants_inserted AFTER INSERT ON variants
  REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION variants_changed();
--> statement-breakpoint
CREATE TRIGGER variants_updated AFTER UPDATE ON variants
  REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION variants_changed();
--> statement-breakpoint
CREATE TRIGGER variants_deleted AFTER DELETE ON variants
  REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION variants_changed();
--> statement-breakpoint

-- Reviews: average and count of the product. Locked first and read after, as in products_derive.
CREATE FUNCTION products_derive_rating(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM products WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
  UPDATE products SET rating_average = rated.average, rating_count = rated.count
    FROM (
      SELECT subject.id, round(avg(r.rating), 2) AS average, count(r.id)::int AS count
        FROM products subject LEFT JOIN reviews r ON r.product_id = subject.id
        WHERE subject.id = ANY (ids) GROUP BY subject.id
    ) rated
    WHERE products.id = rated.id
      AND (products.rating_average, products.rating_count) IS DISTINCT FROM (rated.average, rated.count);
END
$$;
--> statement-breakpoint
CREATE FUNCTION reviews_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[];
BEGIN
  SELECT array_agg(DISTINCT product_id) INTO ids FROM changed_rows;
  IF ids IS NOT NULL THEN PERFORM products_derive_rating(ids); END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE FUNCTION reviews_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[];
BEGIN
  SELECT array_agg(DISTINCT product_id) INTO ids
    FROM (SELECT product_id FROM old_rows UNION ALL SELECT product_id FROM new_rows) touched;
  IF ids IS NOT NULL THEN PERFORM products_derive_rating(ids); END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER reviews_inserted AFTER INSERT ON reviews
  REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION reviews_changed();
--> statement-breakpoint
CREATE TRIGGER reviews_updated AFTER UPDATE ON reviews
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION reviews_updated();
--> statement-breakpoint
CREATE TRIGGER reviews_deleted AFTER DELETE ON reviews
  REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION reviews_changed();
--> statement-breakpoint

-- Orders: at commit an order has lines, and they add up.
CREATE FUNCTION orders_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  subject uuid;
  expected bigint;
  actual bigint;
BEGIN
  IF TG_TABLE_NAME = 'orders' THEN
    subject := NEW.id;
  ELSIF TG_OP = 'DELETE' THEN
    subject := OLD.order_id;
  ELSE
    subject := NEW.order_id;
  END IF;
  SELECT items_amount INTO expected FROM orders WHERE id = subject;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT sum(line_amount) INTO actual FROM order_lines WHERE order_id = subject;
  IF actual IS DISTINCT FROM expected THEN
    RAISE EXCEPTION 'items_amount of order % is %, its lines are worth %', subject, expected, coalesce(actual::text, 'nothing: it has none')
      USING ERRCODE = 'check_violation', TABLE = 'orders', CONSTRAINT = 'orders_lines_add_up';
  END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER orders_add_up AFTER INSERT OR UPDATE OF items_amount ON orders
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION orders_add_up();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER order_lines_add_up AFTER INSERT OR UPDATE OR DELETE ON order_lines
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION orders_add_up();
--> statement-breakpoint
-- A line stays with its order; the check above looks at one order only.
CREATE FUNCTION order_lines_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a line cannot move from order % to another', OLD.order_id
    USING ERRCODE = 'check_violation', TABLE = 'order_lines', CONSTRAINT = 'order_lines_stay';
END
$$;
--> statement-breakpoint
CREATE TRIGGER order_lines_stay BEFORE UPDATE ON order_lines FOR EACH ROW
  WHEN (OLD.order_id IS DISTINCT FROM NEW.order_id) EXECUTE FUNCTION order_lines_stay();
