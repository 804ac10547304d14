-- A mail that an event of an order led to, and what came of it.
CREATE TABLE notify_mail (
    id TEXT PRIMARY KEY,
    position BIGINT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    order_id TEXT NOT NULL,
    number TEXT NOT NULL,
    -- Of the order, when it happened: an event that is told again is the same mail.
    revision BIGINT NOT NULL,
    recipient TEXT NOT NULL,
    -- What changed, as JSON.
    change TEXT NOT NULL,
    locale TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    tries BIGINT NOT NULL,
    problem TEXT,
    message_id TEXT,
    -- Milliseconds since 1970.
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (order_id, kind, revision)
);
CREATE INDEX notify_mail_created ON notify_mail (created_at);

CREATE TABLE notify_counter (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO notify_counter (name, value) VALUES ('mail', 0);

-- What the shop wrote.
CREATE TABLE notify_template (
    kind TEXT NOT NULL,
    locale TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    PRIMARY KEY (kind, locale)
);
