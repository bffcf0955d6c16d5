UPDATE account SET role = 'national-coordinator' WHERE role = 'coordinator';
-- Who may make an account, once, until a time; by the SHA-256 of the link's secret.
CREATE TABLE invitation (hash BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, province TEXT,
                         until INTEGER NOT NULL) STRICT;
