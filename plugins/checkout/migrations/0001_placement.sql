-- A cart whose order is complete: stock taken, cart closed.
CREATE TABLE placement (
    cart_id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    -- The key that the buyer's request had.
    key TEXT UNIQUE
);
