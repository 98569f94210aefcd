-- Messages on their way to channels. Single is the incident when a message is about one only. Times are Unix milliseconds.
CREATE TABLE deliveries (
  id      TEXT PRIMARY KEY,
  status  TEXT NOT NULL,
  kind    TEXT NOT NULL,
  single  TEXT NOT NULL,
  next    INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  body    BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (status, next);
CREATE INDEX deliveries_changed ON deliveries (changed DESC);

-- Who was told of an incident.
CREATE TABLE told (
  incident TEXT PRIMARY KEY,
  ended    INTEGER,
  body     BLOB NOT NULL
) WITHOUT ROWID;
