-- What a table holds is told in `schema.rs`.
ALTER TABLE card ADD COLUMN secret TEXT;
