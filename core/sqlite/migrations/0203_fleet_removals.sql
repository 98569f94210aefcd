-- Reporters that an operator removed and that may not come back for a while.
CREATE TABLE fleet_removals (
  kind     TEXT NOT NULL,
  host     TEXT NOT NULL,
  hostname TEXT NOT NULL,
  name     TEXT NOT NULL,
  at       INTEGER NOT NULL, -- Unix ms
  PRIMARY KEY (kind, host)
) STRICT, WITHOUT ROWID;
