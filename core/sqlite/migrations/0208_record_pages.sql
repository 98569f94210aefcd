-- Records as their sources last described them, many to a page and compressed. The table records has what former versions wrote,
-- until the server has read it once.
CREATE TABLE record_pages (
  page INTEGER PRIMARY KEY,
  body BLOB NOT NULL
) STRICT;
