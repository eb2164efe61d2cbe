SELECT t."org", t."guest_id", t."default_location", t."default_list", t."allocation", t."source_url", (EXISTS (SELECT 1 FROM announced_orders AS a WHERE a.org = t.org)), t."payment_secret", (EXISTS (SELECT 1 FROM provider_accounts AS p WHERE p.org = t.org)), (SELECT s.invoices FROM organization_settings AS s WHERE s.org = t.org) FROM organizations AS t WHERE t."org" = ?;
SELECT t."org", t."kind", t."value", t."variant_id" FROM variant_names AS t WHERE t."org" = ? AND t."kind" = ? AND t."value" = ?;
SELECT t."org", t."id", t."origin", t."managed", t."stage", t."payment", t."fulfilment", t."returns", t."told_words", t."currency", t."scale", t."subtotal", t."discount", t."shipping", t."tax", t."total", t."total_scale", t."customer_id", t."created_at", t."updated_at", t."sender_id", t."sender_digest", t."sender_words", t."external_id", t."external_name", t."external_reference", t."membership_id", t."integration_id", t."payment_provider", t."payment_reference", t."shares_payment_of", t."channel", t."source_platform", t."sale_source", t."idempotency_key", t."tracking_url", t."notes", t."delivery_address", t."address", t."first_name", t."last_name", t."email", t."phone", t."properties", t."metadata", t."expected_at", t."shipped_at", t."delivered_at", t."made_at", t."reason", t."reason_detail", t."parked", t."ingested", t."version", t."number" FROM orders AS t WHERE t."org" = ? AND t."id" = ?;
SELECT t."org", t."order_id", t."id", t."number", t."variant_id", t."item_id", t."entry_id", t."location_id", t."sku", t."title", t."variant_title", t."quantity", t."unit_of_measure", t."currency", t."price_units", t."price_scale", t."cost_units", t."cost_scale", t."requires_shipping", t."details", t."properties", t."created_at", t."updated_at" FROM order_lines AS t WHERE t."org" = ? AND t."order_id" = ?;
SELECT t."org", t."order_id", t."line_id", t."variant_id", t."location_id", t."quantity", t."state", t."held_until", t."updated_at", t."shipped" FROM reservations AS t WHERE t."org" = ? AND t."order_id" = ?;
SELECT t."org", t."id", t."item_id", t."entry_id", t."sku", t."name", t."currency", t."price_units", t."price_scale", t."tracked", t."created_at", t."deleted_at" FROM variants AS t WHERE t."org" = ? AND t."id" = ?;
SELECT t."org", t."variant_id", t."location_id", t."on_hand", t."reserved", t."version", t."soft" FROM stock_levels AS t WHERE t."org" = ? AND t."variant_id" = ? AND t."location_id" = ?;
INSERT INTO order_counters AS c (org, orders, events, committed_at) VALUES (?, ?, ?, ?) ON CONFLICT (org) DO UPDATE SET orders = c.orders + excluded.orders, events = c.events + excluded.events, committed_at = max(excluded.committed_at, c.committed_at + 1000) RETURNING org, orders, events, committed_at;
-- 1 rows
DELETE FROM order_lines WHERE "org" = ? AND "order_id" = ? AND "id" = ?;
-- 1 rows
UPDATE order_lines SET "number" = ?, "variant_id" = ?, "item_id" = ?, "entry_id" = ?, "location_id" = ?, "sku" = ?, "title" = ?, "variant_title" = ?, "quantity" = ?, "unit_of_measure" = ?, "currency" = ?, "price_units" = ?, "price_scale" = ?, "cost_units" = ?, "cost_scale" = ?, "requires_shipping" = ?, "details" = ?, "properties" = ?, "created_at" = ?, "updated_at" = ? WHERE "org" = ? AND "order_id" = ? AND "id" = ?;
-- 1 rows
INSERT INTO order_lines ("org", "order_id", "id", "number", "variant_id", "item_id", "entry_id", "location_id", "sku", "title", "variant_title", "quantity", "unit_of_measure", "currency", "price_units", "price_scale", "cost_units", "cost_scale", "requires_shipping", "details", "properties", "created_at", "updated_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 1 rows
INSERT INTO items ("org", "id", "name", "created_at") VALUES (?, ?, ?, ?);
-- 1 rows
INSERT INTO variants ("org", "id", "item_id", "entry_id", "sku", "name", "currency", "price_units", "price_scale", "tracked", "created_at", "deleted_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 1 rows
INSERT INTO item_list_entries ("org", "id", "list_id", "variant_id") VALUES (?, ?, ?, ?);
-- 1 rows
INSERT INTO variant_names ("org", "kind", "value", "variant_id") VALUES (?, ?, ?, ?);
-- 1 rows
UPDATE stock_levels SET "on_hand" = ?, "reserved" = ?, "version" = ?, "soft" = ? WHERE "org" = ? AND "variant_id" = ? AND "location_id" = ? AND "version" = ?;
-- 2 rows
UPDATE reservations SET "quantity" = ?, "state" = ?, "updated_at" = ?, "shipped" = ? WHERE "org" = ? AND "order_id" = ? AND "line_id" = ? AND "shipped" = ?;
-- 1 rows
INSERT INTO events ("org", "subject_id", "seq", "type", "at", "source", "body", "subject", "actor", "number") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 1 rows
UPDATE orders SET "origin" = ?, "managed" = ?, "stage" = ?, "payment" = ?, "fulfilment" = ?, "returns" = ?, "told_words" = ?, "currency" = ?, "scale" = ?, "subtotal" = ?, "discount" = ?, "shipping" = ?, "tax" = ?, "total" = ?, "total_scale" = ?, "customer_id" = ?, "created_at" = ?, "updated_at" = ?, "sender_id" = ?, "sender_digest" = ?, "sender_words" = ?, "external_id" = ?, "external_name" = ?, "external_reference" = ?, "membership_id" = ?, "integration_id" = ?, "payment_provider" = ?, "payment_reference" = ?, "shares_payment_of" = ?, "channel" = ?, "source_platform" = ?, "sale_source" = ?, "idempotency_key" = ?, "tracking_url" = ?, "notes" = ?, "delivery_address" = ?, "address" = ?, "first_name" = ?, "last_name" = ?, "email" = ?, "phone" = ?, "properties" = ?, "metadata" = ?, "expected_at" = ?, "shipped_at" = ?, "delivered_at" = ?, "made_at" = ?, "reason" = ?, "reason_detail" = ?, "parked" = ?, "ingested" = ?, "version" = ? WHERE "org" = ? AND "id" = ? AND "version" = ?;
-- 1 rows
DELETE FROM order_properties WHERE "org" = ? AND "order_id" = ? AND "path" = ? AND "value" = ?;
-- 1 rows
INSERT INTO order_properties ("org", "order_id", "path", "value", "number") VALUES (?, ?, ?, ?, ?);
-- 2 rows
INSERT INTO order_property_tallies AS t (org, path, value, orders) VALUES (?, ?, ?, ?) ON CONFLICT (org, path, value) DO UPDATE SET orders = t.orders + excluded.orders;
-- 3 rows
INSERT INTO order_spans AS s (org, level, span, stage, goods, orders, created_min, created_max, updated_min, updated_max) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (org, level, span, stage, goods) DO UPDATE SET orders = s.orders + excluded.orders, created_min = min(s.created_min, excluded.created_min), created_max = max(s.created_max, excluded.created_max), updated_min = min(s.updated_min, excluded.updated_min), updated_max = max(s.updated_max, excluded.updated_max);
