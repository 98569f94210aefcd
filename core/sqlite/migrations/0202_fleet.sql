-- Which identity a token's reporter has. A host name may be known under several tokens.
CREATE TABLE fleet_bindings (
  kind     TEXT NOT NULL,
  token    TEXT NOT NULL,
  hostname TEXT NOT NULL,
  machine  TEXT NOT NULL,
  host     TEXT NOT NULL,
  PRIMARY KEY (kind, token, hostname)
) STRICT, WITHOUT ROWID;
