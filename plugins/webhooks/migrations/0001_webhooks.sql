CREATE TABLE webhooks_endpoint (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Separated by spaces.
    kinds TEXT NOT NULL,
    secret TEXT NOT NULL,
    old_secret TEXT,
    old_until BIGINT NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    reason TEXT,
    created_at BIGINT NOT NULL,
    -- Since when every try has failed, and how many that were.
    failing_since BIGINT,
    failures BIGINT NOT NULL DEFAULT 0,
    -- Nothing is sent before.
    rest_until BIGINT NOT NULL DEFAULT 0,
    -- For when the next delivery is asked for.
    next_at BIGINT
);

CREATE TABLE webhooks_event (
    position BIGINT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    bytes BIGINT NOT NULL
);

CREATE INDEX webhooks_event_time ON webhooks_event (occurred_at);

-- Bytes of all bodies.
CREATE TABLE webhooks_kept (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    bytes BIGINT NOT NULL
);

INSERT INTO webhooks_kept (one, bytes) VALUES (1, 0);

CREATE TABLE webhooks_delivery (
    endpoint TEXT NOT NULL REFERENCES webhooks_endpoint (id) ON DELETE CASCADE,
    event BIGINT NOT NULL REFERENCES webhooks_event (position) ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    tries BIGINT NOT NULL DEFAULT 0,
    first_tried BIGINT,
    due BIGINT NOT NULL,
    -- Grows with each replay, so that the outcome of a try before it is not taken for one after it.
    run BIGINT NOT NULL DEFAULT 1,
    ended_at BIGINT,
    status BIGINT,
    error TEXT,
    PRIMARY KEY (endpoint, event)
);

CREATE INDEX webhooks_delivery_due ON webhooks_delivery (endpoint, state, due, event);
CREATE INDEX webhooks_delivery_event ON webhooks_delivery (event);
