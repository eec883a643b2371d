CREATE TABLE "categories" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "categories_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"parent_id" bigint,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"path" text DEFAULT '' NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "categories_slug_unique" UNIQUE("slug"),
	CONSTRAINT "categories_path_unique" UNIQUE("path"),
	CONSTRAINT "categories_not_own_parent" CHECK ("categories"."parent_id" <> "categories"."id"),
	CONSTRAINT "categories_slug_shape" CHECK ("categories"."slug" ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length("categories"."slug") <= 80),
	CONSTRAINT "categories_name_present" CHECK (length(trim("categories"."name")) between 1 and 120),
	CONSTRAINT "categories_path_short" CHECK (length("categories"."path") <= 500),
	CONSTRAINT "categories_position_positive" CHECK ("categories"."position" >= 0)
);
--> statement-breakpoint
CREATE TABLE "customers" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "customers_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"email" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "customers_email_unique" UNIQUE("email"),
	CONSTRAINT "customers_email_shape" CHECK ("customers"."email" ~ '^[^@\s]+@[^@\s]+$' and length("customers"."email") <= 254),
	CONSTRAINT "customers_email_lower_case" CHECK ("customers"."email" = lower("customers"."email")),
	CONSTRAINT "customers_name_present" CHECK (length(trim("customers"."name")) between 1 and 120)
);
--> statement-breakpoint
CREATE TABLE "order_lines" (
	"order_id" uuid NOT NULL,
	"position" smallint NOT NULL,
	"variant_id" bigint NOT NULL,
	"quantity" integer NOT NULL,
	"unit_amount" integer NOT NULL,
	"line_amount" bigint GENERATED ALWAYS AS (quantity::bigint * unit_amount) STORED NOT NULL,
	CONSTRAINT "order_lines_pkey" PRIMARY KEY("order_id","position"),
	CONSTRAINT "order_lines_variant_once" UNIQUE("order_id","variant_id"),
	CONSTRAINT "order_lines_position_positive" CHECK ("order_lines"."position" >= 1),
	CONSTRAINT "order_lines_quantity_positive" CHECK ("order_lines"."quantity" >= 1),
	CONSTRAINT "order_lines_unit_amount_positive" CHECK ("order_lines"."unit_amount" >= 0)
);
--> statement-breakpoint
CREATE TABLE "orders" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"customer_id" bigint NOT NULL,
	"idempotency_key" text NOT NULL,
	"status" text DEFAULT 'placed' NOT NULL,
	"currency" char(3) NOT NULL,
	"items_amount" bigint NOT NULL,
	"shipping_amount" integer DEFAULT 0 NOT NULL,
	"total_amount" bigint NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "orders_idempotency_key_unique" UNIQUE("customer_id","idempotency_key"),
	CONSTRAINT "orders_idempotency_key_shape" CHECK (length("orders"."idempotency_key") between 1 and 200),
	CONSTRAINT "orders_status_known" CHECK ("orders"."status" in ('placed', 'paid', 'shipped', 'cancelled')),
	CONSTRAINT "orders_currency_shape" CHECK ("orders"."currency" ~ '^[A-Z]{3}$'),
	CONSTRAINT "orders_amounts_positive" CHECK ("orders"."items_amount" >= 0 and "orders"."shipping_amount" >= 0),
	CONSTRAINT "orders_total_adds_up" CHECK ("orders"."total_amount" = "orders"."items_amount" + "orders"."shipping_amount")
);
--> statement-breakpoint
CREATE TABLE "prices" (
	"variant_id" bigint PRIMARY KEY NOT NULL,
	"amount" integer NOT NULL,
	"currency" char(3) NOT NULL,
	"compare_at" integer,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "prices_amount_positive" CHECK ("prices"."amount" >= 0),
	CONSTRAINT "prices_currency_shape" CHECK ("prices"."currency" ~ '^[A-Z]{3}$'),
	CONSTRAINT "prices_compare_at_above_amount" CHECK ("prices"."compare_at" > "prices"."amount")
);
--> statement-breakpoint
CREATE TABLE "products" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "products_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"category_id" bigint NOT NULL,
	"brand" text NOT NULL,
	"status" text DEFAULT 'archived' NOT NULL,
	"price_amount" integer,
	"price_compare_at" integer,
	"currency" char(3),
	"in_stock" boolean DEFAULT false NOT NULL,
	"rating_average" numeric(3, 2),
	"rating_count" integer DEFAULT 0 NOT NULL,
	"rating_score" numeric(3, 2) GENERATED ALWAYS AS (coalesce(rating_average, 0)) STORED NOT NULL,
	"popularity" double precision DEFAULT 0 NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "products_slug_unique" UNIQUE("slug"),
	CONSTRAINT "products_slug_shape" CHECK ("products"."slug" ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length("products"."slug") <= 200),
	CONSTRAINT "products_name_present" CHECK (length(trim("products"."name")) between 1 and 200),
	CONSTRAINT "products_description_short" CHECK (length("products"."description") <= 10000),
	CONSTRAINT "products_brand_present" CHECK (length(trim("products"."brand")) between 1 and 80),
	CONSTRAINT "products_status_known" CHECK ("products"."status" in ('active', 'archived')),
	CONSTRAINT "products_active_has_price" CHECK ("products"."status" <> 'active' or "products"."price_amount" is not null),
	CONSTRAINT "products_price_positive" CHECK ("products"."price_amount" >= 0),
	CONSTRAINT "products_compare_at_above_price" CHECK ("products"."price_compare_at" > "products"."price_amount"),
	CONSTRAINT "products_price_has_currency" CHECK (("products"."price_amount" is null) = ("products"."currency" is null)),
	CONSTRAINT "products_currency_shape" CHECK ("products"."currency" ~ '^[A-Z]{3}$'),
	CONSTRAINT "products_rating_range" CHECK ("products"."rating_average" between 1 and 5),
	CONSTRAINT "products_rating_counted" CHECK ("products"."rating_count" >= 0 and ("products"."rating_count" = 0) = ("products"."rating_average" is null)),
	CONSTRAINT "products_popularity_positive" CHECK ("products"."popularity" >= 0 and "products"."popularity" < 'Infinity'),
	CONSTRAINT "products_version_positive" CHECK ("products"."version" >= 1),
	CONSTRAINT "products_updated_after_created" CHECK ("products"."updated_at" >= "products"."created_at")
);
--> statement-breakpoint
CREATE TABLE "reviews" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "reviews_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"product_id" bigint NOT NULL,
	"customer_id" bigint NOT NULL,
	"rating" smallint NOT NULL,
	"title" text NOT NULL,
	"body" text DEFAULT '' NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "reviews_one_per_customer" UNIQUE("product_id","customer_id"),
	CONSTRAINT "reviews_rating_range" CHECK ("reviews"."rating" between 1 and 5),
	CONSTRAINT "reviews_title_present" CHECK (length(trim("reviews"."title")) between 1 and 200),
	CONSTRAINT "reviews_body_short" CHECK (length("reviews"."body") <= 10000)
);
--> statement-breakpoint
CREATE TABLE "seed_runs" (
	"single_row" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"size" text NOT NULL,
	"version" integer NOT NULL,
	"finished_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "seed_runs_one_row" CHECK ("seed_runs"."single_row"),
	CONSTRAINT "seed_runs_size_known" CHECK ("seed_runs"."size" in ('tiny', 'demo', 'large'))
);
--> statement-breakpoint
CREATE TABLE "stock" (
	"variant_id" bigint PRIMARY KEY NOT NULL,
	"quantity" integer NOT NULL,
	CONSTRAINT "stock_quantity_positive" CHECK ("stock"."quantity" >= 0)
);
--> statement-breakpoint
CREATE TABLE "variants" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "variants_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"product_id" bigint NOT NULL,
	"sku" text NOT NULL,
	"title" text NOT NULL,
	"attributes" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "variants_sku_unique" UNIQUE("sku"),
	CONSTRAINT "variants_sku_shape" CHECK ("variants"."sku" ~ '^[A-Z0-9]+(-[A-Z0-9]+)*$' and length("variants"."sku") <= 60),
	CONSTRAINT "variants_title_present" CHECK (length(trim("variants"."title")) between 1 and 120),
	CONSTRAINT "variants_attributes_object" CHECK (jsonb_typeof("variants"."attributes") = 'object'),
	CONSTRAINT "variants_position_positive" CHECK ("variants"."position" >= 0)
);
--> statement-breakpoint
ALTER TABLE "categories" ADD CONSTRAINT "categories_parent_id_categories_id_fk" FOREIGN KEY ("parent_id") REFERENCES "public"."categories"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "order_lines" ADD CONSTRAINT "order_lines_variant_id_variants_id_fk" FOREIGN KEY ("variant_id") REFERENCES "public"."variants"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "order_lines" ADD CONSTRAINT "order_lines_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orders" ADD CONSTRAINT "orders_customer_id_customers_id_fk" FOREIGN KEY ("customer_id") REFERENCES "public"."customers"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "prices" ADD CONSTRAINT "prices_variant_id_variants_id_fk" FOREIGN KEY ("variant_id") REFERENCES "public"."variants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "products" ADD CONSTRAINT "products_category_id_categories_id_fk" FOREIGN KEY ("category_id") REFERENCES "public"."categories"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reviews" ADD CONSTRAINT "reviews_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reviews" ADD CONSTRAINT "reviews_customer_id_customers_id_fk" FOREIGN KEY ("customer_id") REFERENCES "public"."customers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stock" ADD CONSTRAINT "stock_variant_id_variants_id_fk" FOREIGN KEY ("variant_id") REFERENCES "public"."variants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "variants" ADD CONSTRAINT "variants_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "categories_path_prefix" ON "categories" USING btree ("path" text_pattern_ops);--> statement-breakpoint
CREATE INDEX "categories_parent" ON "categories" USING btree ("parent_id","position");--> statement-breakpoint
CREATE INDEX "order_lines_variant" ON "order_lines" USING btree ("variant_id");--> statement-breakpoint
CREATE INDEX "orders_customer_newest" ON "orders" USING btree ("customer_id","created_at");--> statement-breakpoint
CREATE INDEX "orders_newest" ON "orders" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "products_popular" ON "products" USING btree ("popularity","id") WHERE status = 'active';--> statement-breakpoint
CREATE INDEX "products_newest" ON "products" USING btree ("created_at","id") WHERE status = 'active';--> statement-breakpoint
CREATE INDEX "products_price" ON "products" USING btree ("price_amount","id") WHERE status = 'active';--> statement-breakpoint
CREATE INDEX "products_rating" ON "products" USING btree ("rating_score","id") WHERE status = 'active';--> statement-breakpoint
CREATE INDEX "products_category_popular" ON "products" USING btree ("category_id","popularity","id") WHERE status = 'active';--> statement-breakpoint
CREATE INDEX "products_category_newest" ON "products" USING btree ("category_id","created_at","id") WHERE status = 'active';--> statement-breakpoint
CREATE INDEX "products_category_price" ON "products" USING btree ("category_id","price_amount","id") WHERE status = 'active';--> statement-breakpoint
CREATE INDEX "products_category_rating" ON "products" USING btree ("category_id","rating_score","id") WHERE status = 'active';--> statement-breakpoint
CREATE INDEX "reviews_product_newest" ON "reviews" USING btree ("product_id","created_at","id");--> statement-breakpoint
CREATE INDEX "reviews_customer" ON "reviews" USING btree ("customer_id");--> statement-breakpoint
CREATE INDEX "variants_product" ON "variants" USING btree ("product_id","position","id");