-- Records as their sources last described them. The body is the record as JSON; the columns are what is asked for.
CREATE TABLE records (
  uid         TEXT PRIMARY KEY,
  integration TEXT NOT NULL,
  type        TEXT NOT NULL,
  body        BLOB NOT NULL
) STRICT, WITHOUT ROWID;
