CREATE TABLE integrations (
  id       TEXT PRIMARY KEY,
  kind     TEXT NOT NULL,
  name     TEXT NOT NULL,
  revision INTEGER NOT NULL,
  enabled  INTEGER NOT NULL,
  config   BLOB NOT NULL -- sealed
) STRICT;

-- What plugins keep with the server: small values per integration. Secrets are sealed.
CREATE TABLE plugin_values (
  integration TEXT NOT NULL,
  secret      INTEGER NOT NULL,
  key         TEXT NOT NULL,
  version     INTEGER NOT NULL,
  value       BLOB NOT NULL,
  PRIMARY KEY (integration, secret, key)
) STRICT, WITHOUT ROWID;
