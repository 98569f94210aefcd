CREATE TABLE users (
  name     TEXT PRIMARY KEY,
  password TEXT NOT NULL, -- argon2id, PHC string
  admin    INTEGER NOT NULL,
  changed  INTEGER NOT NULL -- of the password, Unix ms
) STRICT;

CREATE TABLE sessions (
  hash     TEXT PRIMARY KEY, -- SHA-256 of the id
  user     TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  csrf     TEXT NOT NULL, -- SHA-256 of the token
  created  INTEGER NOT NULL,
  expires  INTEGER NOT NULL,
  lifetime INTEGER NOT NULL, -- ms
  peer     TEXT NOT NULL,
  agent    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  id        TEXT PRIMARY KEY,
  hash      TEXT NOT NULL UNIQUE, -- SHA-256 of the value
  name      TEXT NOT NULL,
  prefix    TEXT NOT NULL,
  suffix    TEXT NOT NULL,
  scopes    TEXT NOT NULL, -- separated by spaces
  owner     TEXT NOT NULL,
  enrolled  INTEGER NOT NULL,
  created   INTEGER NOT NULL,
  last_used INTEGER NOT NULL -- Unix ms, 0 when never
) STRICT;
