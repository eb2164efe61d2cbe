-- Plain tables for orders, and 1,000 stock rows. No foreign keys, no idempotency, no
-- pipeline, no second dialect: what an order costs PostgreSQL at least.
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer bigint NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    total bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE order_lines (
    order_id bigint NOT NULL,
    number smallint NOT NULL,
    stock_id bigint NOT NULL,
    title text NOT NULL,
    quantity bigint NOT NULL,
    price bigint NOT NULL,
    PRIMARY KEY (order_id, number)
);
CREATE TABLE order_events (
    order_id bigint NOT NULL,
    seq smallint NOT NULL,
    type text NOT NULL,
    body text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, seq)
);
CREATE TABLE stock (
    id bigint PRIMARY KEY,
    on_hand bigint NOT NULL,
    reserved bigint NOT NULL,
    CHECK (reserved <= on_hand)
);
INSERT INTO stock SELECT id, 1000000000, 0 FROM generate_series(1, 1000) AS id;
VACUUM ANALYZE;
