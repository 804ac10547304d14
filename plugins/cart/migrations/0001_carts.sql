-- Times are milliseconds since 1970, amounts minor units of the cart's currency.
CREATE TABLE cart_cart (
    id TEXT PRIMARY KEY,
    revision BIGINT NOT NULL,
    order_id TEXT,
    currency TEXT NOT NULL,
    tax_included BIGINT NOT NULL CHECK (tax_included IN (0, 1)),
    email TEXT,
    -- The address; there is one if it has a name. Its lines have line breaks between them.
    name TEXT,
    company TEXT,
    address_lines TEXT,
    postal_code TEXT,
    city TEXT,
    region TEXT,
    country TEXT,
    phone TEXT,
    expires_at BIGINT NOT NULL
);

-- Ordered carts are kept.
CREATE INDEX cart_cart_expiry ON cart_cart (expires_at) WHERE order_id IS NULL;

CREATE TABLE cart_line (
    cart TEXT NOT NULL REFERENCES cart_cart (id) ON DELETE CASCADE,
    -- The revision of the cart that it came with.
    id BIGINT NOT NULL,
    variant TEXT NOT NULL,
    sku TEXT NOT NULL,
    title TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 9999),
    unit BIGINT NOT NULL CHECK (unit >= 0),
    total BIGINT NOT NULL CHECK (total = unit * quantity),
    tax_included BIGINT NOT NULL CHECK (tax_included IN (0, 1)),
    reason TEXT NOT NULL,
    problem TEXT,
    requires_shipping BIGINT NOT NULL CHECK (requires_shipping IN (0, 1)),
    PRIMARY KEY (cart, id)
);

CREATE TABLE cart_field (
    cart TEXT NOT NULL,
    line BIGINT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (cart, line, name),
    FOREIGN KEY (cart, line) REFERENCES cart_line (cart, id) ON DELETE CASCADE
);
