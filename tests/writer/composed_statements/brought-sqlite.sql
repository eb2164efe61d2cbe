SELECT t."org", t."guest_id", t."default_location", t."default_list", t."allocation", t."source_url", (EXISTS (SELECT 1 FROM announced_orders AS a WHERE a.org = t.org)), t."payment_secret", (EXISTS (SELECT 1 FROM provider_accounts AS p WHERE p.org = t.org)), (SELECT s.invoices FROM organization_settings AS s WHERE s.org = t.org) FROM organizations AS t WHERE t."org" = ?;
SELECT t."org", t."id", t."item_id", t."entry_id", t."sku", t."name", t."currency", t."price_units", t."price_scale", t."tracked", t."created_at", t."deleted_at" FROM variants AS t WHERE t."org" = ? AND t."id" = ?;
SELECT t."org", t."id", t."name" FROM locations AS t WHERE t."org" = ? AND t."id" = ?;
SELECT t."org", t."variant_id", t."location_id", t."on_hand", t."reserved", t."version", t."soft" FROM stock_levels AS t WHERE t."org" = ? AND t."variant_id" = ? AND t."location_id" = ?;
SELECT t."org", t."text", t."source", t."announced_at" FROM announced_orders AS t WHERE t."org" = ? AND t."text" = ?;
INSERT INTO order_counters AS c (org, orders, events, committed_at) VALUES (?, ?, ?, ?) ON CONFLICT (org) DO UPDATE SET orders = c.orders + excluded.orders, events = c.events + excluded.events, committed_at = max(excluded.committed_at, c.committed_at + 1000) RETURNING org, orders, events, committed_at;
-- 1 rows
INSERT INTO order_lines ("org", "order_id", "id", "number", "variant_id", "item_id", "entry_id", "location_id", "sku", "title", "variant_title", "quantity", "unit_of_measure", "currency", "price_units", "price_scale", "cost_units", "cost_scale", "requires_shipping", "details", "properties", "created_at", "updated_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 1 rows
DELETE FROM announced_orders WHERE "org" = ? AND "text" = ?;
-- 3 rows
INSERT INTO events ("org", "subject_id", "seq", "type", "at", "source", "body", "subject", "actor", "number") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 1 rows
INSERT INTO orders ("org", "id", "origin", "managed", "stage", "payment", "fulfilment", "returns", "told_words", "currency", "scale", "subtotal", "discount", "shipping", "tax", "total", "total_scale", "customer_id", "created_at", "updated_at", "sender_id", "sender_digest", "sender_words", "external_id", "external_name", "external_reference", "membership_id", "integration_id", "payment_provider", "payment_reference", "shares_payment_of", "channel", "source_platform", "sale_source", "idempotency_key", "tracking_url", "notes", "delivery_address", "address", "first_name", "last_name", "email", "phone", "properties", "metadata", "expected_at", "shipped_at", "delivered_at", "made_at", "reason", "reason_detail", "parked", "ingested", "version", "number") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 3 rows
INSERT INTO order_spans AS s (org, level, span, stage, goods, orders, created_min, created_max, updated_min, updated_max) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (org, level, span, stage, goods) DO UPDATE SET orders = s.orders + excluded.orders, created_min = min(s.created_min, excluded.created_min), created_max = max(s.created_max, excluded.created_max), updated_min = min(s.updated_min, excluded.updated_min), updated_max = max(s.updated_max, excluded.updated_max);
-- 3 rows
INSERT INTO order_update_tallies AS t (org, level, slot, orders) VALUES (?, ?, ?, ?) ON CONFLICT (org, level, slot) DO UPDATE SET orders = t.orders + excluded.orders;
