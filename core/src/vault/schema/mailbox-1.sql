-- What a table holds is told in `schema.rs`.
CREATE TABLE enrolment (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL UNIQUE, authority TEXT NOT NULL, chain TEXT NOT NULL,
    transport BLOB NOT NULL CHECK (length(transport) = 32), mailbox TEXT NOT NULL, seq INTEGER NOT NULL DEFAULT 0,
    known INTEGER NOT NULL DEFAULT 0, receipt TEXT
) STRICT;
CREATE TABLE server (
    one INTEGER PRIMARY KEY CHECK (one = 1), authority TEXT NOT NULL, catalog TEXT, state TEXT NOT NULL DEFAULT '{}',
    learned INTEGER, own INTEGER NOT NULL DEFAULT 0, phone INTEGER, last_sync INTEGER
) STRICT;
CREATE TABLE guard (
    one INTEGER PRIMARY KEY CHECK (one = 1), wrong INTEGER NOT NULL, gone INTEGER NOT NULL,
    generation INTEGER NOT NULL, damaged INTEGER NOT NULL
) STRICT;
CREATE TABLE part (
    n INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, questionnaire TEXT, bytes BLOB NOT NULL
) STRICT;
CREATE TABLE record (
    id INTEGER PRIMARY KEY, record TEXT NOT NULL UNIQUE, enrolment INTEGER NOT NULL REFERENCES enrolment,
    seq INTEGER NOT NULL, hash TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'kept', 'refused')),
    reason TEXT, tried INTEGER, withdrawn INTEGER NOT NULL DEFAULT 0,
    leaf INTEGER, leaf_hash TEXT, day TEXT, doubt INTEGER NOT NULL DEFAULT 0, proven INTEGER,
    own INTEGER,
    jws TEXT NOT NULL, sealed BLOB, UNIQUE (enrolment, seq)
) STRICT;
CREATE INDEX record_state ON record (state, id);
CREATE INDEX record_leaf ON record (leaf);
CREATE INDEX record_doubt ON record (leaf) WHERE doubt;
CREATE TABLE bundle (
    id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, enrolment INTEGER NOT NULL REFERENCES enrolment,
    asked TEXT NOT NULL, bytes BLOB
) STRICT;
CREATE TABLE activity (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, deed TEXT NOT NULL, records INTEGER NOT NULL
) STRICT;
CREATE TABLE news (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE clock (
    one INTEGER PRIMARY KEY CHECK (one = 1), own INTEGER NOT NULL, boot TEXT, since INTEGER NOT NULL,
    unix INTEGER NOT NULL
) STRICT;
