-- Users may be bound to an identity at a provider of single sign-on.
ALTER TABLE users ADD COLUMN subject TEXT NOT NULL DEFAULT ''; -- issuer and subject, empty for none
ALTER TABLE users ADD COLUMN link_until INTEGER NOT NULL DEFAULT 0; -- Unix ms, 0 when no identity may be bound
CREATE UNIQUE INDEX users_subject ON users (subject) WHERE subject <> '';
