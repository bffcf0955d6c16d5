-- Failures are counted in memory.
DROP TABLE failure;
-- Browsers from which a person has signed in, by the SHA-256 of their cookie: a stranger's failures do not lock them.
CREATE TABLE browser (hash BLOB NOT NULL, name TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
                      seen INTEGER NOT NULL, PRIMARY KEY (hash, name)) STRICT;
-- How many tries came under names that no account has. The names are not kept.
CREATE TABLE unknown (tries INTEGER NOT NULL) STRICT;
INSERT INTO unknown VALUES (0);
