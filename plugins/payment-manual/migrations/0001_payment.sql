-- A payment; its totals are the sums of its ledger.
CREATE TABLE payment (
    id TEXT PRIMARY KEY,
    -- The key that it was authorized with.
    key TEXT NOT NULL UNIQUE,
    method TEXT NOT NULL,
    state TEXT NOT NULL,
    capture_at_order BIGINT NOT NULL,
    description TEXT NOT NULL,
    email TEXT,
    currency TEXT NOT NULL,
    authorized BIGINT NOT NULL CHECK (authorized >= 0),
    captured BIGINT NOT NULL CHECK (captured >= 0),
    voided BIGINT NOT NULL CHECK (voided >= 0),
    refunded BIGINT NOT NULL CHECK (refunded >= 0 AND refunded <= captured),
    CHECK (captured + voided <= authorized)
);

-- What happened to the money; rows are only ever added.
CREATE TABLE entry (
    payment_id TEXT NOT NULL REFERENCES payment (id),
    -- 1, 2, 3 … within the payment.
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    -- What was asked for; null for "all that is left".
    asked BIGINT,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    -- Milliseconds since 1970.
    at BIGINT NOT NULL,
    PRIMARY KEY (payment_id, position),
    UNIQUE (payment_id, key)
);
