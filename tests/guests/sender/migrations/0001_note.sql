CREATE TABLE sender_note (
    text TEXT PRIMARY KEY
);
