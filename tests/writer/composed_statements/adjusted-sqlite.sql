SELECT t."org", t."guest_id", t."default_location", t."default_list", t."allocation", t."source_url", (EXISTS (SELECT 1 FROM announced_orders AS a WHERE a.org = t.org)), t."payment_secret", (EXISTS (SELECT 1 FROM provider_accounts AS p WHERE p.org = t.org)), (SELECT s.invoices FROM organization_settings AS s WHERE s.org = t.org) FROM organizations AS t WHERE t."org" = ?;
WITH v(v0, v1) AS (VALUES (?, ?), (?, ?)) SELECT t."org", t."id", t."item_id", t."entry_id", t."sku", t."name", t."currency", t."price_units", t."price_scale", t."tracked", t."created_at", t."deleted_at" FROM v CROSS JOIN variants AS t WHERE t."org" = v.v0 AND t."id" = v.v1;
WITH v(v0, v1) AS (VALUES (?, ?), (?, ?)) SELECT t."org", t."id", t."name" FROM v CROSS JOIN locations AS t WHERE t."org" = v.v0 AND t."id" = v.v1;
WITH v(v0, v1) AS (VALUES (?, ?), (?, ?)) SELECT t."org", t."variant_id", t."currency", t."unit_cost", t."updated_at" FROM v CROSS JOIN variant_costs AS t WHERE t."org" = v.v0 AND t."variant_id" = v.v1;
WITH v(v0, v1, v2) AS (VALUES (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?)) SELECT t."org", t."variant_id", t."location_id", t."on_hand", t."reserved", t."version", t."soft" FROM v CROSS JOIN stock_levels AS t WHERE t."org" = v.v0 AND t."variant_id" = v.v1 AND t."location_id" = v.v2;
INSERT INTO order_counters AS c (org, orders, events, committed_at) VALUES (?, ?, ?, ?) ON CONFLICT (org) DO UPDATE SET orders = c.orders + excluded.orders, events = c.events + excluded.events, committed_at = max(excluded.committed_at, c.committed_at + 1000) RETURNING org, orders, events, committed_at;
-- 1 rows
INSERT INTO locations ("org", "id", "name") VALUES (?, ?, ?);
-- 1 rows
INSERT INTO items ("org", "id", "name", "created_at") VALUES (?, ?, ?, ?);
-- 1 rows
INSERT INTO variants ("org", "id", "item_id", "entry_id", "sku", "name", "currency", "price_units", "price_scale", "tracked", "created_at", "deleted_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 1 rows
INSERT INTO item_list_entries ("org", "id", "list_id", "variant_id") VALUES (?, ?, ?, ?);
-- 2 rows
INSERT INTO stock_levels ("org", "variant_id", "location_id", "on_hand", "reserved", "version", "soft") VALUES (?, ?, ?, ?, ?, ?, ?);
-- 1 rows
UPDATE stock_levels SET "on_hand" = ?, "reserved" = ?, "version" = ?, "soft" = ? WHERE "org" = ? AND "variant_id" = ? AND "location_id" = ? AND "version" = ?;
-- 3 rows
INSERT INTO stock_entries ("org", "id", "variant_id", "location_id", "delta", "kind", "order_id", "note", "created_at", "unit_cost") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- 3 rows
INSERT INTO events ("org", "subject_id", "seq", "type", "at", "source", "body", "subject", "actor", "number") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
