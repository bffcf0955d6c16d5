-- Referrals are forwarded: to whom each goes, and which phones are providers.
ALTER TABLE entry ADD COLUMN addressee TEXT;  -- the organisation that a referral goes to (its route)
CREATE INDEX entry_addressee ON entry (addressee, position) WHERE addressee IS NOT NULL;
-- Later steps of referrals, for the phones that made them.
CREATE INDEX entry_step ON entry (position) WHERE addressee IS NOT NULL AND target IS NOT NULL;

ALTER TABLE binding ADD COLUMN role TEXT NOT NULL DEFAULT 'focal_point';
ALTER TABLE binding ADD COLUMN chain BLOB;    -- SHA-256 of the chain, by which phones fetch it
CREATE INDEX binding_chain ON binding (chain);
CREATE INDEX binding_provider ON binding (position) WHERE role = 'provider';
