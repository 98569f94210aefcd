-- Which record an agent's host is, as a person decided; an empty target says that it is none.
CREATE TABLE links (
  host   TEXT PRIMARY KEY,
  target TEXT NOT NULL
) STRICT, WITHOUT ROWID;
