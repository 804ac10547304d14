-- A payment; its totals are the sums of its ledger. Amounts in minor units, times in milliseconds since 1970.
CREATE TABLE payment_card_payment (
    id TEXT PRIMARY KEY,
    -- The key that it was authorized with.
    key TEXT NOT NULL UNIQUE,
    method TEXT NOT NULL,
    -- What the provider last said of it.
    state TEXT NOT NULL,
    -- How many operations are outstanding.
    outstanding BIGINT NOT NULL,
    -- Whether something may still have to be done about it.
    is_open BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    capture_at_order BIGINT NOT NULL,
    description TEXT NOT NULL,
    email TEXT,
    message TEXT,
    next_url TEXT,
    -- What the provider said when it refused an operation.
    refused TEXT,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    authorized BIGINT NOT NULL CHECK (authorized >= 0 AND authorized <= amount),
    captured BIGINT NOT NULL CHECK (captured >= 0),
    voided BIGINT NOT NULL CHECK (voided >= 0),
    refunded BIGINT NOT NULL CHECK (refunded >= 0 AND refunded <= captured),
    -- The provider's name for it, once it is known.
    intent TEXT UNIQUE,
    -- When it is given up, if the buyer has not paid.
    ends_at BIGINT NOT NULL,
    CHECK (captured + voided <= authorized)
);
CREATE INDEX payment_card_payment_open ON payment_card_payment (method, is_open, created_at, id);

-- What the provider is asked to do, written down before it is asked.
CREATE TABLE payment_card_operation (
    payment_id TEXT NOT NULL REFERENCES payment_card_payment (id),
    -- 1, 2, 3 … within the payment. With the payment's id it is the key by which the provider does it once.
    position BIGINT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- What was asked for; null for "all that is left".
    asked BIGINT,
    -- What the provider is sent, where that is to be the same whatever the configuration is by then.
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- 'outstanding', 'done', 'refused', or 'dropped'.
    state TEXT NOT NULL,
    PRIMARY KEY (payment_id, position),
    UNIQUE (payment_id, key)
);
CREATE INDEX payment_card_operation_outstanding ON payment_card_operation (payment_id, state, position);

-- What happened to the money; rows are only ever added.
CREATE TABLE payment_card_entry (
    payment_id TEXT NOT NULL REFERENCES payment_card_payment (id),
    -- 1, 2, 3 … within the payment.
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    at BIGINT NOT NULL,
    PRIMARY KEY (payment_id, position),
    UNIQUE (payment_id, key)
);

-- Webhooks that were taken, so that one that comes again asks for nothing.
CREATE TABLE payment_card_event (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);
CREATE INDEX payment_card_event_at ON payment_card_event (at);
