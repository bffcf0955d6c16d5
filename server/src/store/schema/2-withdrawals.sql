-- What is on the slip of the person whom a record is about: withdrawals name records by it.
ALTER TABLE entry ADD COLUMN code TEXT;
CREATE INDEX entry_code ON entry (code) WHERE code IS NOT NULL;

-- Derived from entries, by store/withdrawals.rs alone: records that are taken back.
CREATE TABLE withdrawn (
    record INTEGER PRIMARY KEY REFERENCES entry (position),
    since  INTEGER NOT NULL,   -- position of the entry with which it was taken back
    by     INTEGER NOT NULL    -- position of the withdrawal
);
CREATE INDEX withdrawn_since ON withdrawn (since);
CREATE INDEX withdrawn_by ON withdrawn (by);
