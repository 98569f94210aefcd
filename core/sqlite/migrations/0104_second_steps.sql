-- What logins ask for after the password. The body is a document of JSON, sealed.
CREATE TABLE second_steps (
  user TEXT PRIMARY KEY REFERENCES users (name) ON DELETE CASCADE,
  body BLOB NOT NULL
) STRICT;
