CREATE TABLE later_worker_note (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE later_worker_gate (id INTEGER PRIMARY KEY CHECK (id = 1), open INTEGER NOT NULL);
INSERT INTO later_worker_gate (id, open) VALUES (1, 1);
