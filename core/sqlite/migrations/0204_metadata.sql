-- What people wrote about things: a document for each kind and id.
CREATE TABLE metadata (
  kind TEXT NOT NULL,
  id   TEXT NOT NULL,
  body TEXT NOT NULL, -- JSON
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
