-- A payment; its totals are the sums of its ledger. Amounts in minor units.
CREATE TABLE payment_manual_payment (
    id TEXT PRIMARY KEY,
    -- The key that it was authorized with.
    key TEXT NOT NULL UNIQUE,
    method TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Whether somebody may still have to do something about it.
    is_open BIGINT NOT NULL,
    -- Milliseconds since 1970.
    created_at BIGINT NOT NULL,
    capture_at_order BIGINT NOT NULL,
    -- Whether the money was to come first.
    in_advance BIGINT NOT NULL,
    description TEXT NOT NULL,
    email TEXT,
    message TEXT,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    authorized BIGINT NOT NULL CHECK (authorized >= 0 AND authorized <= amount),
    captured BIGINT NOT NULL CHECK (captured >= 0),
    voided BIGINT NOT NULL CHECK (voided >= 0),
    refunded BIGINT NOT NULL CHECK (refunded >= 0 AND refunded <= captured),
    CHECK (captured + voided <= authorized)
);
CREATE INDEX payment_manual_payment_open
    ON payment_manual_payment (method, is_open, created_at, id);

-- What happened to the money; rows are only ever added.
CREATE TABLE payment_manual_entry (
    payment_id TEXT NOT NULL REFERENCES payment_manual_payment (id),
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
