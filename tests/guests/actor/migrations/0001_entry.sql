CREATE TABLE actor_entry (
    text TEXT PRIMARY KEY,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    body TEXT NOT NULL
);
