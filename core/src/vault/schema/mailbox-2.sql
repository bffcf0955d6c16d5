-- What a table holds is told in `schema.rs`.
CREATE TABLE chain (sha256 TEXT PRIMARY KEY, listed INTEGER NOT NULL, chain TEXT) STRICT;
CREATE TABLE forwarded (
    id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, referral TEXT NOT NULL, chain TEXT NOT NULL, jws TEXT, sealed BLOB,
    opened INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX forwarded_referral ON forwarded (referral);
CREATE INDEX forwarded_new ON forwarded (id) WHERE NOT opened;
