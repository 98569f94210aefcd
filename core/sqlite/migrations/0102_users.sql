-- Users have roles, come from somewhere and can be disabled; tokens can end.
ALTER TABLE users ADD COLUMN source TEXT NOT NULL DEFAULT 'local';
ALTER TABLE users ADD COLUMN roles TEXT NOT NULL DEFAULT ''; -- separated by spaces
ALTER TABLE users ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN created INTEGER NOT NULL DEFAULT 0; -- Unix ms, as the next two
ALTER TABLE users ADD COLUMN updated INTEGER NOT NULL DEFAULT 0; -- of the roles
ALTER TABLE users ADD COLUMN last_login INTEGER NOT NULL DEFAULT 0; -- 0 when never
UPDATE users SET roles = CASE WHEN admin THEN 'admin' ELSE 'viewer' END, created = changed, updated = changed;
ALTER TABLE users DROP COLUMN admin;
ALTER TABLE tokens ADD COLUMN expires INTEGER NOT NULL DEFAULT 0; -- Unix ms, 0 for never

-- The roles that are not built in. The body is the role as JSON.
CREATE TABLE roles (
  id   TEXT PRIMARY KEY,
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
