SELECT t."org", t."guest_id", t."default_location", t."default_list", t."allocation", t."source_url", (EXISTS (SELECT 1 FROM announced_orders AS a WHERE a.org = t.org)), t."payment_secret", (EXISTS (SELECT 1 FROM provider_accounts AS p WHERE p.org = t.org)), (SELECT s.invoices FROM organization_settings AS s WHERE s.org = t.org) FROM organizations AS t WHERE t."org" = ?;
WITH v(v0, v1) AS (VALUES (?, ?), (?, ?)) SELECT t."org", t."key", t."operation", t."fingerprint", t."status", t."body", t."order_id", t."created_at", t."checksum" FROM v CROSS JOIN idempotency_keys AS t WHERE t."org" = v.v0 AND t."key" = v.v1;
SELECT t."org", t."kind", t."value", t."customer_id" FROM customer_names AS t WHERE t."org" = ? AND t."kind" = ? AND t."value" = ?;
SELECT t."org", t."id", t."item_id", t."entry_id", t."sku", t."name", t."currency", t."price_units", t."price_scale", t."tracked", t."created_at", t."deleted_at" FROM variants AS t WHERE t."org" = ? AND t."id" = ?;
SELECT t."org", t."id", t."name" FROM locations AS t WHERE t."org" = ? AND t."id" = ?;
WITH v(v0, v1, v2) AS (VALUES (?, ?, ?), (?, ?, ?)) SELECT t."org", t."provider", t."reference", t."order_id", t."shared" FROM v CROSS JOIN payment_claims AS t WHERE t."org" = v.v0 AND t."provider" = v.v1 AND t."reference" = v.v2;
SELECT t."org", t."variant_id", t."location_id", t."on_hand", t."reserved", t."version", t."soft" FROM stock_levels AS t WHERE t."org" = ? AND t."variant_id" = ? AND t."location_id" = ?;
INSERT INTO order_counters AS c (org, orders, events, committed_at) VALUES (?, ?, ?, ?) ON CONFLICT (org) DO UPDATE SET orders = c.orders + excluded.orders, events = c.events + excluded.events, committed_at = max(excluded.committed_at, c.committed_at + 1000) RETURNING org, orders, events, committed_at;
-- 2 rows
INSERT INTO order_lines ("org", "order_id", "id", "number", "variant_id", "item_id", "entry_id", "location_id", "sku", "title", "variant_title", "quantity", "unit_of_measure", "currency", "price_units", "price_scale", "cost_units", "cost_scale", "requires_shipping", "details", "properties", "created_at", "updated_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 1 rows
INSERT INTO customers ("org", "id", "name", "first_name", "last_name", "email", "phone", "created_at", "updated_at", "senders", "own_ids") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 1 rows
INSERT INTO customer_names ("org", "kind", "value", "customer_id") VALUES (?, ?, ?, ?);
-- 1 rows
UPDATE stock_levels SET "on_hand" = ?, "reserved" = ?, "version" = ?, "soft" = ? WHERE "org" = ? AND "variant_id" = ? AND "location_id" = ? AND "version" = ?;
-- 2 rows
INSERT INTO reservations ("org", "order_id", "line_id", "variant_id", "location_id", "quantity", "state", "held_until", "updated_at", "shipped") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 2 rows
INSERT INTO payments ("org", "order_id", "number", "provider", "service", "reference", "currency", "amount_units", "amount_scale", "created_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 2 rows
INSERT INTO payment_operations ("org", "order_id", "payment", "number", "kind", "units", "key", "state", "provider_reference", "created_at", "updated_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 2 rows
INSERT INTO payment_claims ("org", "provider", "reference", "order_id", "shared") VALUES (?, ?, ?, ?, ?);
-- 2 rows
INSERT INTO jobs ("org", "id", "kind", "order_id", "payload", "state", "run_at", "leased_until", "fence", "tries", "last_error", "created_at", "put_off_at", "holder") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 2 rows
INSERT INTO idempotency_keys ("org", "key", "operation", "fingerprint", "status", "body", "order_id", "created_at", "checksum") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 4 rows
INSERT INTO events ("org", "subject_id", "seq", "type", "at", "source", "body", "subject", "actor", "number") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 2 rows
INSERT INTO orders ("org", "id", "origin", "managed", "stage", "payment", "fulfilment", "returns", "told_words", "currency", "scale", "subtotal", "discount", "shipping", "tax", "total", "total_scale", "customer_id", "created_at", "updated_at", "sender_id", "sender_digest", "sender_words", "external_id", "external_name", "external_reference", "membership_id", "integration_id", "payment_provider", "payment_reference", "shares_payment_of", "channel", "source_platform", "sale_source", "idempotency_key", "tracking_url", "notes", "delivery_address", "address", "first_name", "last_name", "email", "phone", "properties", "metadata", "expected_at", "shipped_at", "delivered_at", "made_at", "reason", "reason_detail", "parked", "ingested", "version", "number") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 2 rows
INSERT INTO order_properties ("org", "order_id", "path", "value", "number") VALUES (?, ?, ?, ?, ?);
-- 2 rows
INSERT INTO order_property_tallies AS t (org, path, value, orders) VALUES (?, ?, ?, ?) ON CONFLICT (org, path, value) DO UPDATE SET orders = t.orders + excluded.orders;
-- 3 rows
INSERT INTO order_spans AS s (org, level, span, stage, goods, orders, created_min, created_max, updated_min, updated_max) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (org, level, span, stage, goods) DO UPDATE SET orders = s.orders + excluded.orders, created_min = min(s.created_min, excluded.created_min), created_max = max(s.created_max, excluded.created_max), updated_min = min(s.updated_min, excluded.updated_min), updated_max = max(s.updated_max, excluded.updated_max);
-- 3 rows
INSERT INTO order_update_tallies AS t (org, level, slot, orders) VALUES (?, ?, ?, ?) ON CONFLICT (org, level, slot) DO UPDATE SET orders = t.orders + excluded.orders;
