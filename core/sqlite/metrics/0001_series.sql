-- The blocks of a tier lie in a table named after its step in seconds (blocks_0 is raw), made when the tier is
-- first configured: key is the series' id * 2^32 + the number of the block's window.
CREATE TABLE series (
  id       INTEGER PRIMARY KEY,
  record   TEXT NOT NULL,
  metric   TEXT NOT NULL,
  instance TEXT NOT NULL
) STRICT;

CREATE TABLE tiers (
  step   INTEGER PRIMARY KEY, -- seconds
  points INTEGER NOT NULL DEFAULT 0
) STRICT;
