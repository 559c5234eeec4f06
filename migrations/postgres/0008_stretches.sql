-- A list is stored stretch by stretch, the leads of a stretch in the order of their numbers: how many of the stretch at byte_offset
-- are stored, and where it ends. The same stands in migrations/sqlite.
ALTER TABLE import ADD COLUMN stretch_leads BIGINT NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN stretch_end BIGINT NOT NULL DEFAULT 0;
