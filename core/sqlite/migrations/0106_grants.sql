-- What a provider of single sign-on gave with a session: a document of JSON, sealed.
CREATE TABLE sso_grants (
  session TEXT PRIMARY KEY REFERENCES sessions (hash) ON DELETE CASCADE,
  body    BLOB NOT NULL
) STRICT;
ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT ''; -- who vouched for the user, empty for a login here
