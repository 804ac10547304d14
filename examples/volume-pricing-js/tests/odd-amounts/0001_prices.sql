-- The tables of pricing without their checks, and amounts that pricing would not let in.
CREATE TABLE pricing_price_list (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    currency TEXT NOT NULL,
    tax_included INTEGER NOT NULL,
    customer_group TEXT,
    channel TEXT,
    starts_at BIGINT,
    ends_at BIGINT
);

CREATE TABLE pricing_price (
    variant TEXT NOT NULL,
    price_list TEXT NOT NULL,
    min_quantity BIGINT NOT NULL,
    minor BIGINT NOT NULL,
    PRIMARY KEY (variant, price_list, min_quantity)
);

INSERT INTO pricing_price_list (id, title, kind, currency, tax_included) VALUES
    ('regular', 'Odd', 'regular', 'EUR', 1),
    ('sale', 'Odd sale', 'sale', 'EUR', 1);

INSERT INTO pricing_price (variant, price_list, min_quantity, minor) VALUES
    ('zero', 'regular', 1, 0),
    ('i32 max', 'regular', 1, 2147483647),
    ('i32 max + 1', 'regular', 1, 2147483648),
    ('u32 max + 1', 'regular', 1, 4294967296),
    ('largest', 'regular', 1, 9007199254740991),
    ('beyond', 'regular', 1, 9007199254740992),
    ('beyond + 1', 'regular', 1, 9007199254740993),
    ('i64 max', 'regular', 1, 9223372036854775807),
    ('minus one', 'regular', 1, -1),
    ('minus 19', 'regular', 1, -19),
    ('i32 min - 1', 'regular', 1, -2147483649),
    ('smallest', 'regular', 1, -9007199254740991),
    ('smallest - 1', 'regular', 1, -9007199254740992),
    -- What would be rounded is the price that is only shown.
    ('beyond, not plain', 'regular', 1, 9007199254740993),
    ('beyond, not plain', 'sale', 1, 100);
