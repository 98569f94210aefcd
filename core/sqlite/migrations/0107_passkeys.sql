-- Passkeys of users: the public halves, which are no secret.
CREATE TABLE passkeys (
  id        TEXT PRIMARY KEY, -- of the credential, base64url
  user      TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  name      TEXT NOT NULL,
  host      TEXT NOT NULL, -- for which it was made
  created   INTEGER NOT NULL, -- Unix ms
  last_used INTEGER NOT NULL, -- 0 when never
  body      TEXT NOT NULL -- the credential as JSON
) STRICT;
