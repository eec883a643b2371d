-- A row that the cache would refuse is refused here: relays take the oldest first, and would come back to it for ever.
--
--     row 7: a tag of 300 bytes      relay: claims 7, 8, 9: refused      claims 7, 8, 9: refused      …
--
-- What a tag may be is said by @shop/cache (docs/tags.md): 1 to 256 bytes.
CREATE FUNCTION tags_usable(tags text[]) RETURNS boolean
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(bool_and(coalesce(octet_length(tag) BETWEEN 1 AND 256, false)), false) FROM unnest(tags) tag $$;
--> statement-breakpoint
ALTER TABLE outbox ADD CONSTRAINT outbox_tags_usable CHECK (tags_usable(tags));
