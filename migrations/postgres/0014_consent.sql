-- When consent was given and where the record of it is kept come with the list. The same stands in migrations/sqlite.
ALTER TABLE lead ADD COLUMN consent_at BIGINT;
ALTER TABLE lead ADD COLUMN consent_ref TEXT;

-- What an import replaced.
ALTER TABLE lead_before ADD COLUMN consent_at BIGINT;
ALTER TABLE lead_before ADD COLUMN consent_ref TEXT;

-- Rows that were taken and that somebody should look at, of the whole list: one that was cut off goes on counting.
ALTER TABLE import ADD COLUMN doubts TEXT NOT NULL DEFAULT '{}';
