-- What people call an integration, and who made it when no person did.
ALTER TABLE integrations ADD COLUMN title TEXT NOT NULL DEFAULT '';
ALTER TABLE integrations ADD COLUMN source TEXT NOT NULL DEFAULT '';
