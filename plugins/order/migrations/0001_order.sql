-- The number of the last order. It moves in the transaction that makes an order, so that a failed one
-- leaves no gap.
CREATE TABLE order_counter (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO order_counter (name, value) VALUES ('order', 0);

CREATE TABLE order_placed (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    position BIGINT NOT NULL UNIQUE,
    -- The prefix of its time, and the position.
    number TEXT NOT NULL UNIQUE,
    -- Milliseconds since 1970.
    placed_at BIGINT NOT NULL,
    -- What moves; amounts in minor units.
    revision BIGINT NOT NULL,
    state TEXT NOT NULL,
    payment TEXT NOT NULL,
    captured BIGINT NOT NULL CHECK (captured >= 0),
    refunded BIGINT NOT NULL CHECK (refunded >= 0 AND refunded <= captured),
    fulfilment TEXT NOT NULL,
    -- The snapshot, which never changes; amounts in minor units.
    cart_id TEXT NOT NULL,
    email TEXT NOT NULL,
    currency TEXT NOT NULL,
    tax_included BIGINT NOT NULL,
    subtotal BIGINT NOT NULL,
    grand BIGINT NOT NULL,
    payment_method TEXT NOT NULL,
    payment_id TEXT NOT NULL
);
CREATE INDEX order_placed_by_state ON order_placed (state, position);
CREATE INDEX order_placed_by_payment ON order_placed (payment, position);

-- Where it goes: one row, or none. Part of the snapshot.
CREATE TABLE order_address (
    order_id TEXT PRIMARY KEY REFERENCES order_placed (id),
    name TEXT NOT NULL,
    company TEXT,
    -- One a line.
    lines TEXT NOT NULL,
    postal_code TEXT NOT NULL,
    city TEXT NOT NULL,
    region TEXT,
    country TEXT NOT NULL,
    phone TEXT
);

-- What was bought. Part of the snapshot, but for what was shipped, came back and was cancelled so far.
CREATE TABLE order_line (
    order_id TEXT NOT NULL REFERENCES order_placed (id),
    position BIGINT NOT NULL,
    id TEXT NOT NULL,
    variant TEXT NOT NULL,
    sku TEXT NOT NULL,
    title TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    unit BIGINT NOT NULL,
    total BIGINT NOT NULL,
    reason TEXT NOT NULL,
    requires_shipping BIGINT NOT NULL,
    shipped BIGINT NOT NULL CHECK (shipped >= 0),
    returned BIGINT NOT NULL CHECK (returned >= 0 AND returned <= shipped),
    cancelled BIGINT NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
    PRIMARY KEY (order_id, position),
    UNIQUE (order_id, id),
    CHECK (shipped + cancelled <= quantity)
);

-- What a buyer or a plugin added to a line. Part of the snapshot.
CREATE TABLE order_field (
    order_id TEXT NOT NULL REFERENCES order_placed (id),
    line_position BIGINT NOT NULL,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (order_id, line_position, position)
);

-- What happened; rows are only ever added.
CREATE TABLE order_event (
    order_id TEXT NOT NULL REFERENCES order_placed (id),
    position BIGINT NOT NULL,
    -- Milliseconds since 1970.
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    -- The money that moved, minor units.
    amount BIGINT,
    role TEXT NOT NULL,
    role_id TEXT,
    caller TEXT,
    PRIMARY KEY (order_id, position)
);
