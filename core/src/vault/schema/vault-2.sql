-- What a table holds is told in `schema.rs`.
CREATE TABLE incoming (
    id INTEGER PRIMARY KEY, referral TEXT NOT NULL UNIQUE, open INTEGER NOT NULL, due INTEGER NOT NULL,
    own INTEGER NOT NULL, held TEXT NOT NULL
) STRICT;
CREATE INDEX incoming_due ON incoming (open DESC, due, id);
