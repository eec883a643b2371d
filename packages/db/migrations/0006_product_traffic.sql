CREATE TABLE "product_traffic" (
	"product_id" bigint PRIMARY KEY NOT NULL,
	"reads" double precision NOT NULL,
	"counted_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "product_traffic" ADD CONSTRAINT "product_traffic_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE cascade ON UPDATE no action;