-- Which integration asks in the place of this one, and whether somebody wants it to ask by itself all the same.
ALTER TABLE integrations ADD COLUMN joined TEXT NOT NULL DEFAULT '';
ALTER TABLE integrations ADD COLUMN apart INTEGER NOT NULL DEFAULT 0;
