-- The log: everything else derives from it. Positions are dense and in commit order; a row is never deleted.
CREATE TABLE entry (
    position INTEGER PRIMARY KEY,
    kind     INTEGER NOT NULL,   -- log::Kind
    received INTEGER NOT NULL,   -- seconds since 1970 UTC
    reason   TEXT,               -- why it is quarantined; NULL: in order
    id       BLOB,               -- the record's id
    binding  INTEGER,            -- position of the chain of the phone that signed it
    seq      INTEGER,            -- the phone's own count
    target   BLOB,               -- the record that this one corrects, withdraws or reviews
    body     TEXT,               -- what was signed, or JSON; NULL once a withdrawal was applied
    digests  BLOB                -- of a tombstone: SHA-256 of the JWS, then of the sealed bytes
);
CREATE UNIQUE INDEX entry_id ON entry (id) WHERE id IS NOT NULL;
CREATE INDEX entry_seq ON entry (binding, seq) WHERE binding IS NOT NULL;
CREATE INDEX entry_target ON entry (target) WHERE target IS NOT NULL;
-- Kind 2 is a record: the many. All others are few and are looked up by kind.
CREATE INDEX entry_kind ON entry (kind, position) WHERE kind <> 2;
CREATE INDEX entry_quarantined ON entry (position) WHERE reason IS NOT NULL;

-- The sealed case of a record, beside the log. Nobody here can read it. Goes at once when it is withdrawn.
CREATE TABLE sealed (
    position INTEGER PRIMARY KEY REFERENCES entry (position),
    bytes    BLOB NOT NULL
);

-- Derived from entries, by store/derived.rs alone.
-- Which key is which phone's.
CREATE TABLE binding (
    position      INTEGER PRIMARY KEY REFERENCES entry (position),
    device        BLOB NOT NULL,
    organisation  TEXT NOT NULL,
    commune       TEXT NOT NULL,
    record_kid    TEXT NOT NULL UNIQUE,
    record_key    BLOB NOT NULL,
    transport_kid TEXT NOT NULL UNIQUE,
    transport_key BLOB NOT NULL,
    second        INTEGER NOT NULL   -- 1: another binding of the card came first
);
CREATE INDEX binding_device ON binding (device);
CREATE TABLE revoked (device BLOB PRIMARY KEY) WITHOUT ROWID;
-- Every questionnaire ever published.
CREATE TABLE questionnaire (sha256 BLOB PRIMARY KEY) WITHOUT ROWID;
-- What the operator decided about quarantined entries; the last word counts.
CREATE TABLE decision (about INTEGER PRIMARY KEY, accept INTEGER NOT NULL);

-- Files that catalogs name by hash.
CREATE TABLE part (sha256 BLOB PRIMARY KEY, bytes BLOB NOT NULL);

-- When each phone was last heard of: a hint for the operator, not from the log.
CREATE TABLE seen (binding INTEGER PRIMARY KEY, time INTEGER NOT NULL);

-- When the last backup was made: a hint for the operator.
CREATE TABLE backup (time INTEGER NOT NULL);

-- One row. The epoch changes when the log is restored from a backup.
CREATE TABLE epoch (id BLOB NOT NULL);
