-- One order, one transaction, by pgbench: begin, order, two lines, event, two stock updates, commit.
-- :first and :second are the stock rows, the lower one first, so that no two orders deadlock.
BEGIN;
INSERT INTO orders (customer, status, currency, total)
    VALUES (:client_id, 'placed', 'USD', 5000) RETURNING id \gset
INSERT INTO order_lines (order_id, number, stock_id, title, quantity, price)
    VALUES (:id, 1, :first, 'Stoneware mug', 2, 1250);
INSERT INTO order_lines (order_id, number, stock_id, title, quantity, price)
    VALUES (:id, 2, :second, 'Stoneware mug', 2, 1250);
INSERT INTO order_events (order_id, seq, type, body)
    VALUES (:id, 1, 'order.placed', '{"status":"placed","total":"50.00","currency":"USD"}');
UPDATE stock SET reserved = reserved + 2 WHERE id = :first AND reserved + 2 <= on_hand;
UPDATE stock SET reserved = reserved + 2 WHERE id = :second AND reserved + 2 <= on_hand;
COMMIT;
