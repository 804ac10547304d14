CREATE TABLE listener_event (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, version TEXT NOT NULL,
    occurred_at BIGINT NOT NULL, params TEXT NOT NULL, trace TEXT NOT NULL, behalf TEXT NOT NULL
);
CREATE TABLE listener_ear (one INTEGER PRIMARY KEY CHECK (one = 1), failing INTEGER NOT NULL);
INSERT INTO listener_ear (one, failing) VALUES (1, 0);
