-- A window of raw samples may have several blocks: their numbers are seconds, no longer windows of two hours.
CREATE TABLE IF NOT EXISTS blocks_0 (
  key  INTEGER PRIMARY KEY,
  n    INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

UPDATE blocks_0 SET key = (key >> 32 << 32) + (key & 4294967295) * 7200;
