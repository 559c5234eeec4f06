-- A list is stored stretch by stretch, the leads of a stretch in the order of their numbers: how many of the stretch at byte_offset
-- are stored, and where it ends. The same stands in migrations/postgres.
ALTER TABLE import ADD COLUMN stretch_leads INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN stretch_end INTEGER NOT NULL DEFAULT 0;
