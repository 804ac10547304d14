-- Imports of whole files, and how far they are. Times are milliseconds since 1970.
CREATE TABLE inventory_import (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL,
    file TEXT NOT NULL,
    target TEXT,
    dry_run BIGINT NOT NULL CHECK (dry_run IN (0, 1)),
    state TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    header TEXT NOT NULL,
    place BIGINT NOT NULL,
    line BIGINT NOT NULL,
    rows_read BIGINT NOT NULL,
    rows_at_once BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    fault_count BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    pass_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    ended_at BIGINT
);

CREATE UNIQUE INDEX inventory_import_number ON inventory_import (number);

-- The first rows with faults.
CREATE TABLE inventory_import_fault (
    import TEXT NOT NULL,
    line BIGINT NOT NULL,
    problem TEXT NOT NULL,
    PRIMARY KEY (import, line)
);

-- What may be in a file once, and in which line it was.
CREATE TABLE inventory_import_key (
    import TEXT NOT NULL,
    key TEXT NOT NULL,
    line BIGINT NOT NULL,
    PRIMARY KEY (import, key)
);
