-- What people decided about pairs of records, the smaller uid first: whether both are the same machine.
CREATE TABLE identity_verdicts (
  a      TEXT NOT NULL,
  b      TEXT NOT NULL,
  same   INTEGER NOT NULL,
  reason TEXT NOT NULL,
  at     INTEGER NOT NULL, -- Unix seconds
  PRIMARY KEY (a, b)
) STRICT, WITHOUT ROWID;
