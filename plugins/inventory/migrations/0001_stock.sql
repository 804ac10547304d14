CREATE TABLE location (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL
);

INSERT INTO location (id, title) VALUES ('main', 'Main');

-- How many of a SKU there are at a location. The conditions of the UPDATEs keep `reserved` from going
-- beyond `on_hand`; the CHECK is the second wall behind them. `owed` is how far it stays beyond after
-- backorder was ended: what was sold until then.
CREATE TABLE level (
    sku TEXT NOT NULL,
    location TEXT NOT NULL REFERENCES location (id),
    on_hand BIGINT NOT NULL,
    reserved BIGINT NOT NULL CHECK (reserved >= 0),
    incoming BIGINT NOT NULL CHECK (incoming >= 0),
    backorder BIGINT NOT NULL CHECK (backorder IN (0, 1)),
    owed BIGINT NOT NULL CHECK (owed >= 0),
    PRIMARY KEY (sku, location),
    CHECK (backorder = 1 OR reserved - on_hand <= owed)
);

-- Goods count as reserved in `level` while the state is 'held', also past `expires_at` (milliseconds
-- since 1970) until somebody sweeps them.
CREATE TABLE reservation (
    owner TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('held', 'committed', 'released', 'expired')),
    expires_at BIGINT NOT NULL
);

CREATE INDEX reservation_expiry ON reservation (state, expires_at, owner);

-- Which goods of which location a reservation is made of.
CREATE TABLE allocation (
    owner TEXT NOT NULL REFERENCES reservation (owner) ON DELETE CASCADE,
    sku TEXT NOT NULL,
    location TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (owner, sku, location),
    FOREIGN KEY (sku, location) REFERENCES level (sku, location)
);

-- The ledger: rows are added and never changed. The deltas of a level sum up to its `on_hand`.
CREATE TABLE movement (
    id BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    sku TEXT NOT NULL,
    location TEXT NOT NULL,
    delta BIGINT NOT NULL CHECK (delta <> 0),
    reason TEXT NOT NULL
);

CREATE INDEX movement_sku ON movement (sku, id);
