-- The version of the plugin's schema that a configuration was written for. Those stored before are of the first.
ALTER TABLE integrations ADD COLUMN config_version INTEGER NOT NULL DEFAULT 1;
