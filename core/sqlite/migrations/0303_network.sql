-- What the operator allows an integration to dial and to believe, as JSON.
ALTER TABLE integrations ADD COLUMN network TEXT NOT NULL DEFAULT '{}';
