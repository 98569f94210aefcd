-- Who changed what. Rows are added and never changed; those up to the head's floor may be removed.
CREATE TABLE audit_events (
  seq       INTEGER PRIMARY KEY,
  id        TEXT NOT NULL UNIQUE,
  time      INTEGER NOT NULL, -- Unix ms
  event     TEXT NOT NULL,
  user      TEXT NOT NULL,
  ip        TEXT NOT NULL,
  via       TEXT NOT NULL,
  method    TEXT NOT NULL,
  path      TEXT NOT NULL,
  success   INTEGER NOT NULL,
  details   TEXT NOT NULL,
  request   TEXT NOT NULL,
  prev      TEXT NOT NULL, -- hash of the row before
  hash      TEXT NOT NULL,
  signature TEXT NOT NULL
) STRICT;
CREATE INDEX audit_events_time ON audit_events (time);
CREATE INDEX audit_events_user ON audit_events (user, seq);
CREATE INDEX audit_events_event ON audit_events (event, seq);

-- Where the log begins and ends, and the key that signs it.
CREATE TABLE audit_head (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  key        BLOB NOT NULL, -- sealed
  floor      INTEGER NOT NULL,
  floor_hash TEXT NOT NULL,
  seq        INTEGER NOT NULL,
  hash       TEXT NOT NULL,
  signature  TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_events_stay BEFORE UPDATE ON audit_events BEGIN SELECT raise(ABORT, 'the audit log is never changed'); END;
CREATE TRIGGER audit_events_are_kept BEFORE DELETE ON audit_events
  WHEN old.seq > (SELECT floor FROM audit_head) BEGIN SELECT raise(ABORT, 'the audit log is only trimmed'); END;

-- Who is told of events, and up to which one. The address is sealed, since it may hold a token.
CREATE TABLE audit_webhooks (
  id     INTEGER PRIMARY KEY,
  url    BLOB NOT NULL,
  cursor INTEGER NOT NULL
) STRICT;
CREATE TABLE audit_webhook_secret (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  secret BLOB NOT NULL -- sealed
) STRICT;
