-- Search: the words by which a product is found, how they are asked for, and whom a change of them concerns.
--
--     name "Over-Ear Headphones ZZ-1616"  ─▶  'ear':2A 'headphon':3A 'zz':4A '1616':5A
--     asked "headphone 161"                ─▶  'headphon' & '161':*
--
-- Words only: the parser would make a number of the -1616 in ZZ-1616, a host of a name with a full stop and a tag of what
-- is in angle brackets, and nobody asks for those as they are written. Who asks leaves punctuation away as well.
CREATE FUNCTION search_words(name text, brand text, description text) RETURNS tsvector
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (
    SELECT setweight(to_tsvector('english', translate(name, marks, blanks)), 'A')
        || setweight(to_tsvector('english', translate(brand, marks, blanks)), 'B')
        || setweight(to_tsvector('english', translate(description, marks, blanks)), 'D')
      FROM (VALUES ('!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32))) punctuation (marks, blanks));
--> statement-breakpoint
-- What finds them. All words must be there; those in quotes one after another; the word "or" between two asks for either.
-- The last may be the beginning of one, from three letters on: fewer begin too many words.
CREATE FUNCTION search_query(asked text) RETURNS tsquery
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN regexp_replace(websearch_to_tsquery('english', asked)::text, '([^'']{3})''$', '\1'':*')::tsquery;
--> statement-breakpoint
-- How well they fit. A word that is there as it was asked for counts twice: who asks for ears means ears before earbuds.
CREATE FUNCTION search_rank(words tsvector, asked text) RETURNS real
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ts_rank(words, websearch_to_tsquery('english', asked)) + ts_rank(words, search_query(asked));
--> statement-breakpoint

-- The tag of the searches for a word: all that begin with the same two letters share it, so that a search for the
-- beginning of a word has it too. There are 37² at most: any other character counts as one.
CREATE FUNCTION search_tag(word text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN 'search:' || regexp_replace(left(word, 2), '[^a-z0-9]', '_', 'g');
--> statement-breakpoint
-- Those of the words that are asked for, the longest first: it is the rarest, mostly.
CREATE FUNCTION search_tags(asked text) RETURNS text[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ARRAY(
    SELECT search_tag(word) FROM unnest(tsvector_to_array(to_tsvector('english', asked))) word
      ORDER BY length(word) DESC, word);
--> statement-breakpoint
ALTER TABLE "products" ADD COLUMN "search" "tsvector" GENERATED ALWAYS AS (search_words(name, brand, description)) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "products_search" ON "products" USING gin ("search") WHERE status = 'active';
--> statement-breakpoint

-- The triggers of 0003_invalidations.sql say two tags more:
--
--     search:<letters>            a listed product came, went, or has other words: of each word that it has or had
--     search                      instead of those of very many products
--
-- A search needs the tag of one of its words only, because what it finds, or found, has all of them.
DROP FUNCTION products_tell(product_change[]);
--> statement-breakpoint
-- As in 0003_invalidations.sql, with the words of the products that searches may gain or lose: up to 1 000 sets of them
-- are taken apart, each product that changed its words having two.
CREATE FUNCTION products_tell(changes product_change[], searched tsvector[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  products bigint;
  appeared boolean;
  category_ids bigint[];
  listed_in bigint[];
  product_tags text[];
  list_tags text[];
  search_tags text[];
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

  IF cardinality(searched) > 1000 THEN
    search_tags := ARRAY['search'];
  ELSE
    SELECT array_agg(DISTINCT search_tag(word)) INTO search_tags
      FROM unnest(searched) words CROSS JOIN LATERAL unnest(tsvector_to_array(words)) word;
  END IF;

  INSERT INTO outbox (tags, source) VALUES (product_tags || list_tags || search_tags, 'products');
END
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION products_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changes product_change[];
  searched tsvector[];
BEGIN
  SELECT array_agg((NULL, category_id, false, listed, NULL, NULL, false, false, ids)::product_change) INTO changes
    FROM (
      SELECT category_id, status = 'active' AS listed, array_agg(id) AS ids FROM new_rows GROUP BY 1, 2) alike;
  SELECT array_agg(search) INTO searched FROM (SELECT search FROM new_rows WHERE status = 'active' LIMIT 1001) listed;
  PERFORM products_tell(changes, searched);
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION products_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changes product_change[];
  searched tsvector[];
BEGIN
  SELECT array_agg((category_id, NULL, listed, false, NULL, NULL, false, false, ids)::product_change) INTO changes
    FROM (
      SELECT category_id, status = 'active' AS listed, array_agg(id) AS ids FROM old_rows GROUP BY 1, 2) alike;
  SELECT array_agg(search) INTO searched FROM (SELECT search FROM old_rows WHERE status = 'active' LIMIT 1001) listed;
  PERFORM products_tell(changes, searched);
  RETURN NULL;
END
$$;
--> statement-breakpoint
-- Why both joins are full ones is said in 0003_invalidations.sql.
CREATE OR REPLACE FUNCTION products_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changes product_change[];
  searched tsvector[];
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
  IF changes IS NULL THEN RETURN NULL; END IF;

  SELECT array_agg(words) INTO searched
    FROM (
      SELECT side.words FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
        CROSS JOIN LATERAL (VALUES (o.status, o.search), (n.status, n.search)) side (status, words)
        WHERE (o.status, o.search) IS DISTINCT FROM (n.status, n.search) AND side.status = 'active'
        LIMIT 1001
    ) listed;
  PERFORM products_tell(changes, searched);
  RETURN NULL;
END
$$;
