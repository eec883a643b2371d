ALTER TABLE "outbox" ADD COLUMN "purges" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "trace_parent" text DEFAULT nullif(current_setting('shop.traceparent', true), '');--> statement-breakpoint
CREATE INDEX "outbox_unpurged" ON "outbox" USING btree ("id") WHERE purges < 2 and relayed_at is not null;