CREATE TABLE strange_payments_payment (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    method TEXT NOT NULL,
    state TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    authorized BIGINT NOT NULL,
    captured BIGINT NOT NULL,
    voided BIGINT NOT NULL,
    refunded BIGINT NOT NULL,
    tried TEXT NOT NULL
);
