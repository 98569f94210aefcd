-- Rows of declared lists. An empty owner is the integration itself, an empty subject nothing; time is in Unix ns, 0 for none.
CREATE TABLE list_rows (
  integration TEXT NOT NULL,
  task        TEXT NOT NULL,
  partition   TEXT NOT NULL,
  list        TEXT NOT NULL,
  owner       TEXT NOT NULL,
  key         TEXT NOT NULL,
  time        INTEGER NOT NULL,
  subject     TEXT NOT NULL,
  doc         BLOB NOT NULL,
  PRIMARY KEY (integration, task, partition, list, owner, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX list_rows_owner ON list_rows (owner, list, time) WHERE owner <> '';
CREATE INDEX list_rows_subject ON list_rows (subject, list, time) WHERE subject <> '';

-- Conditions that hold. The body is the condition as JSON.
CREATE TABLE conditions (
  record   TEXT NOT NULL,
  kind     TEXT NOT NULL,
  instance TEXT NOT NULL,
  body     BLOB NOT NULL,
  PRIMARY KEY (record, kind, instance)
) STRICT, WITHOUT ROWID;

-- What happened; time is in Unix ns.
CREATE TABLE events (
  integration TEXT NOT NULL,
  id          TEXT NOT NULL,
  record      TEXT NOT NULL,
  time        INTEGER NOT NULL,
  body        BLOB NOT NULL,
  PRIMARY KEY (integration, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_time ON events (time);
CREATE INDEX events_record ON events (record, time);
