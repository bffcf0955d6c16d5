-- A person with a sign-in. Times are seconds since 1970 UTC.
CREATE TABLE account (
    name      TEXT PRIMARY KEY,
    role      TEXT NOT NULL,
    province  TEXT,              -- of a provincial coordinator
    salt      BLOB NOT NULL,
    memory    INTEGER NOT NULL,  -- Argon2id: KiB, passes, lanes
    passes    INTEGER NOT NULL,
    lanes     INTEGER NOT NULL,
    hash      BLOB NOT NULL,
    secret    BLOB NOT NULL,     -- of the one-time codes
    last_step INTEGER NOT NULL   -- no code of this 30-second step or an earlier one is taken again
) STRICT;
-- Codes on paper for whoever lost the authenticator; SHA-256, each works once.
CREATE TABLE recovery (name TEXT NOT NULL REFERENCES account ON DELETE CASCADE, hash BLOB NOT NULL,
                       PRIMARY KEY (name, hash)) STRICT;
-- SHA-256 of the cookie.
CREATE TABLE session (hash BLOB PRIMARY KEY, name TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
                      began INTEGER NOT NULL, seen INTEGER NOT NULL) STRICT;
-- Failed sign-ins, by name and by address; forgotten after a while.
CREATE TABLE failure (key TEXT NOT NULL, time INTEGER NOT NULL) STRICT;
CREATE INDEX failure_key ON failure (key, time);
-- Each line holds the hash of the one before. Lines are only ever added.
CREATE TABLE audit (
    line     INTEGER PRIMARY KEY,
    time     INTEGER NOT NULL,
    name     TEXT NOT NULL,
    action   TEXT NOT NULL,
    detail   TEXT NOT NULL,
    hash     BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
