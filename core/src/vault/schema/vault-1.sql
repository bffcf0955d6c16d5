-- What a table holds is told in `schema.rs`.
CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1), vault TEXT NOT NULL, record_key BLOB NOT NULL CHECK (length(record_key) = 32),
    age TEXT NOT NULL
) STRICT;
CREATE TABLE drafts (
    one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL, oldest INTEGER NOT NULL, lost INTEGER NOT NULL
) STRICT;
CREATE TABLE card (
    id INTEGER PRIMARY KEY, record TEXT NOT NULL UNIQUE, code TEXT, day INTEGER NOT NULL, own INTEGER NOT NULL,
    undo TEXT, card TEXT NOT NULL
) STRICT;
CREATE INDEX card_code ON card (code);
CREATE INDEX card_day ON card (day);
CREATE TABLE last_saved (questionnaire TEXT PRIMARY KEY, record TEXT NOT NULL, saved TEXT NOT NULL) STRICT;
CREATE TABLE hand_over (one INTEGER PRIMARY KEY CHECK (one = 1), identity TEXT NOT NULL) STRICT;
