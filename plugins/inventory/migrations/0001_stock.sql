CREATE TABLE inventory_location (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL
);

INSERT INTO inventory_location (id, title) VALUES ('main', 'Main');

-- How many of a variant there are at a location. The last CHECK is what overselling would have to break,
-- whatever the code does. `owed` is how far `allocated` stays beyond `on_hand` after backorder was ended:
-- what was sold until then.
CREATE TABLE inventory_level (
    variant TEXT NOT NULL,
    location TEXT NOT NULL REFERENCES inventory_location (id),
    on_hand BIGINT NOT NULL,
    allocated BIGINT NOT NULL CHECK (allocated >= 0),
    incoming BIGINT NOT NULL CHECK (incoming >= 0),
    backorder BIGINT NOT NULL CHECK (backorder IN (0, 1)),
    owed BIGINT NOT NULL CHECK (owed >= 0),
    PRIMARY KEY (variant, location),
    CHECK (backorder = 1 OR allocated - on_hand <= owed)
);

-- Who has goods. Times are milliseconds since 1970; `open` tells that some are allocated and not shipped.
CREATE TABLE inventory_owner (
    id TEXT PRIMARY KEY,
    since BIGINT NOT NULL,
    open BIGINT NOT NULL CHECK (open IN (0, 1))
);

CREATE INDEX inventory_owner_open ON inventory_owner (open, since, id);

-- The pieces of an owner's line at a location. What is neither shipped nor released is in the level's
-- `allocated`. `place` is the line's among the owner's.
CREATE TABLE inventory_allocated (
    owner TEXT NOT NULL REFERENCES inventory_owner (id),
    line TEXT NOT NULL,
    location TEXT NOT NULL,
    place BIGINT NOT NULL,
    variant TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    shipped BIGINT NOT NULL CHECK (shipped >= 0),
    released BIGINT NOT NULL CHECK (released >= 0),
    restocked BIGINT NOT NULL CHECK (restocked BETWEEN 0 AND shipped),
    PRIMARY KEY (owner, line, location),
    FOREIGN KEY (variant, location) REFERENCES inventory_level (variant, location),
    CHECK (shipped + released <= quantity)
);

-- The ledger: rows are added and never changed. The deltas of a level sum up to its `on_hand`.
CREATE TABLE inventory_movement (
    id BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('ship', 'restock', 'adjust', 'import')),
    variant TEXT NOT NULL,
    location TEXT NOT NULL,
    delta BIGINT NOT NULL CHECK (delta <> 0),
    reason TEXT NOT NULL
);

CREATE INDEX inventory_movement_variant ON inventory_movement (variant, id);
