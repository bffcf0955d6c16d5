-- The log: everything else derives from it. Positions are dense and in commit order; a row is never deleted.
CREATE TABLE entry (
    position INTEGER PRIMARY KEY,
    kind     INTEGER NOT NULL,   -- entry::EntryKind
    received INTEGER NOT NULL,   -- seconds since 1970 UTC; of a record, the beginning of the day
    reason   TEXT,               -- why it is quarantined; NULL: in order
    id       BLOB,               -- the record's id
    binding  INTEGER,            -- position of the chain of the phone that signed it
    seq      INTEGER,            -- the phone's own count
    target   BLOB,               -- the record that this one corrects, withdraws or reviews; the phone of an order
    code     TEXT,               -- on the slip of the person whom a record is about
    body     TEXT,               -- what was signed, or JSON; NULL once a withdrawal was applied
    digests  BLOB                -- of a tombstone: SHA-256 of the JWS, SHA-256 of the sealed bytes, the slip's key
);
CREATE UNIQUE INDEX entry_id ON entry (id) WHERE id IS NOT NULL;
CREATE INDEX entry_seq ON entry (binding, seq) WHERE binding IS NOT NULL;
CREATE INDEX entry_target ON entry (target) WHERE target IS NOT NULL;
CREATE INDEX entry_code ON entry (code) WHERE code IS NOT NULL;
-- Kind 2 is a record: the many. All others are few and are looked up by kind.
CREATE INDEX entry_kind ON entry (kind, position) WHERE kind <> 2;
CREATE INDEX entry_quarantined ON entry (position) WHERE reason IS NOT NULL;

-- The Merkle tree over the log. A leaf holds the entries from `first` to the one before the next leaf's first.
CREATE TABLE leaf (
    number INTEGER PRIMARY KEY,  -- from 0
    first  INTEGER NOT NULL UNIQUE REFERENCES entry (position),
    bundle BLOB                  -- SHA-256 of the bundle that brought them; NULL: one entry that no phone sent
);
-- Its complete nodes, in the order in which they became complete (store/tree.rs).
CREATE TABLE node (number INTEGER PRIMARY KEY, hash BLOB NOT NULL);

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
    area          TEXT NOT NULL,
    record_kid    TEXT NOT NULL UNIQUE,
    record_key    BLOB NOT NULL,
    transport_kid TEXT NOT NULL UNIQUE,
    transport_key BLOB NOT NULL,
    mailbox       TEXT NOT NULL,
    waits         TEXT               -- why its records do not count; NULL: they do
);
CREATE INDEX binding_device ON binding (device);
CREATE TABLE revoked (device BLOB PRIMARY KEY) WITHOUT ROWID;
-- Every questionnaire ever published.
CREATE TABLE questionnaire (sha256 BLOB PRIMARY KEY) WITHOUT ROWID;
-- What the operator decided about quarantined entries; the last word counts.
CREATE TABLE decision (about INTEGER PRIMARY KEY, accept INTEGER NOT NULL);
-- Records that are taken back, by store/withdrawals.rs alone.
CREATE TABLE withdrawn (
    record INTEGER PRIMARY KEY REFERENCES entry (position),
    since  INTEGER NOT NULL,   -- position of the entry with which it was taken back
    by     INTEGER NOT NULL    -- position of the withdrawal
);
CREATE INDEX withdrawn_since ON withdrawn (since);
CREATE INDEX withdrawn_by ON withdrawn (by);

-- Files that catalogs name by hash.
CREATE TABLE part (sha256 BLOB PRIMARY KEY, bytes BLOB NOT NULL);

-- The day on which each phone was last heard of (its beginning), and what it has sent on that day.
CREATE TABLE seen (
    binding INTEGER PRIMARY KEY,
    day     INTEGER NOT NULL,
    records INTEGER NOT NULL,
    bytes   INTEGER NOT NULL
);
-- Hints: when the last backup was made, when the tree last proved the log or did not, and the latest time at which something was written.
CREATE TABLE hint (name TEXT PRIMARY KEY, time INTEGER NOT NULL);
