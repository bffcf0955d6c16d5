-- What a table holds is told in `schema.rs`.
CREATE TABLE draft (
    id INTEGER PRIMARY KEY AUTOINCREMENT, draft TEXT NOT NULL UNIQUE, questionnaire TEXT NOT NULL, sha256 TEXT NOT NULL,
    started INTEGER NOT NULL, state BLOB NOT NULL, note TEXT
) STRICT;
