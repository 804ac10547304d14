-- Times are milliseconds since 1970, amounts minor units of the cart's currency.
CREATE TABLE cart (
    id TEXT PRIMARY KEY,
    revision BIGINT NOT NULL,
    order_id TEXT,
    currency TEXT NOT NULL,
    email TEXT,
    address_name TEXT,
    -- The lines of the address, with line breaks between them.
    address_lines TEXT,
    postal_code TEXT,
    city TEXT,
    region TEXT,
    country TEXT,
    -- How many lines the cart ever had: the id of the last one.
    lines_made BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX cart_expiry ON cart (expires_at);

CREATE TABLE line (
    cart TEXT NOT NULL REFERENCES cart (id) ON DELETE CASCADE,
    id BIGINT NOT NULL,
    sku TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 9999),
    title TEXT NOT NULL,
    unit BIGINT NOT NULL CHECK (unit >= 0),
    total BIGINT NOT NULL CHECK (total = unit * quantity),
    tax_included BIGINT NOT NULL CHECK (tax_included IN (0, 1)),
    reason TEXT NOT NULL,
    problem TEXT,
    PRIMARY KEY (cart, id),
    UNIQUE (cart, sku)
);
