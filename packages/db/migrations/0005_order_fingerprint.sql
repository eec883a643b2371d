ALTER TABLE "orders" ADD COLUMN "fingerprint" text;--> statement-breakpoint
ALTER TABLE "orders" ADD CONSTRAINT "orders_fingerprint_shape" CHECK ("orders"."fingerprint" ~ '^[0-9a-f]{64}$');