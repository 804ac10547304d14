CREATE TABLE hostile_text (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE INDEX hostile_text_text ON hostile_text (text);
