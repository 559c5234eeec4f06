-- When a lead that nobody had called yet was to be called first, before an import named another time: given back when the import is
-- undone. NULL where the import left the time alone. The same stands in migrations/sqlite.
ALTER TABLE lead_before ADD COLUMN next_attempt_at BIGINT;
