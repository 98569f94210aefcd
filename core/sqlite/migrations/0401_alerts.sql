-- What fires now. Track is what the engine remembers of it.
CREATE TABLE alerts (
  record   TEXT NOT NULL,
  kind     TEXT NOT NULL,
  instance TEXT NOT NULL,
  body     BLOB NOT NULL,
  PRIMARY KEY (record, kind, instance)
) WITHOUT ROWID;

-- Each firing, over or not, with times in Unix milliseconds.
CREATE TABLE incidents (
  id       TEXT PRIMARY KEY,
  alert    TEXT NOT NULL,
  resource TEXT NOT NULL,
  severity TEXT NOT NULL,
  started  INTEGER NOT NULL,
  ended    INTEGER,
  body     BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX incidents_started ON incidents (started DESC, id);
CREATE INDEX incidents_alert ON incidents (alert, started DESC);
CREATE INDEX incidents_resource ON incidents (resource, started DESC);

CREATE TABLE incident_entries (
  seq      INTEGER PRIMARY KEY,
  incident TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  body     BLOB NOT NULL
);
CREATE INDEX incident_entries_incident ON incident_entries (incident, seq);

-- What is to be told about alerts and is not yet turned into messages.
CREATE TABLE notices (
  seq  INTEGER PRIMARY KEY AUTOINCREMENT,
  body BLOB NOT NULL
);
