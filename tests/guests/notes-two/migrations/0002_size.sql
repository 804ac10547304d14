-- Both generations work on this: the old one leaves the new column to its default.
ALTER TABLE notes_note ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
UPDATE notes_note SET size = length(text);
