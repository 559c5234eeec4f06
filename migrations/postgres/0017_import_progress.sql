-- When an import stored rows last: one that stores none any more was cut off. NULL until its first rows, and where a version before
-- this one reads. The same stands in migrations/sqlite.
ALTER TABLE import ADD COLUMN progress_at BIGINT;
