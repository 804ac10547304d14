CREATE TABLE pricing_price_list (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('regular', 'sale', 'override')),
    currency TEXT NOT NULL,
    tax_included INTEGER NOT NULL CHECK (tax_included IN (0, 1)),
    customer_group TEXT,
    channel TEXT,
    starts_at BIGINT,
    ends_at BIGINT
);

-- A quote looks up by variant first.
CREATE TABLE pricing_price (
    variant TEXT NOT NULL,
    price_list TEXT NOT NULL REFERENCES pricing_price_list (id),
    min_quantity BIGINT NOT NULL CHECK (min_quantity >= 1),
    minor BIGINT NOT NULL CHECK (minor >= 0),
    PRIMARY KEY (variant, price_list, min_quantity)
);

-- Whether a list has any prices.
CREATE INDEX pricing_price_by_list ON pricing_price (price_list);
