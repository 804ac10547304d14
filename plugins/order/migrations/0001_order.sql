-- The number of the last order. It moves in the transaction that makes an order, so that a failed one
-- leaves no gap.
CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('order', 0);

CREATE TABLE placed (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    position BIGINT NOT NULL UNIQUE,
    -- The prefix of its time, and the position.
    number TEXT NOT NULL UNIQUE,
    -- Milliseconds since 1970.
    placed_at BIGINT NOT NULL,
    -- What moves.
    revision BIGINT NOT NULL,
    state TEXT NOT NULL,
    payment TEXT NOT NULL,
    fulfilment TEXT NOT NULL,
    -- The snapshot, which never changes; amounts in minor units.
    cart_id TEXT NOT NULL,
    email TEXT NOT NULL,
    currency TEXT NOT NULL,
    subtotal BIGINT NOT NULL,
    grand BIGINT NOT NULL,
    payment_method TEXT NOT NULL,
    payment_id TEXT NOT NULL
);
CREATE INDEX placed_by_state ON placed (state, position);

-- Where it goes: one row, or none. Part of the snapshot.
CREATE TABLE address (
    order_id TEXT PRIMARY KEY REFERENCES placed (id),
    name TEXT NOT NULL,
    -- One a line.
    lines TEXT NOT NULL,
    postal_code TEXT NOT NULL,
    city TEXT NOT NULL,
    region TEXT,
    country TEXT NOT NULL
);

-- What was bought. Part of the snapshot.
CREATE TABLE line (
    order_id TEXT NOT NULL REFERENCES placed (id),
    position BIGINT NOT NULL,
    sku TEXT NOT NULL,
    title TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    unit BIGINT NOT NULL,
    total BIGINT NOT NULL,
    tax_included BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (order_id, position)
);

-- What was sent so far.
CREATE TABLE sent (
    order_id TEXT NOT NULL REFERENCES placed (id),
    sku TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, sku)
);

-- What happened; rows are only ever added.
CREATE TABLE history (
    order_id TEXT NOT NULL REFERENCES placed (id),
    position BIGINT NOT NULL,
    -- Milliseconds since 1970.
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    role TEXT NOT NULL,
    role_id TEXT,
    caller TEXT,
    PRIMARY KEY (order_id, position)
);
