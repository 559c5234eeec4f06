-- By which options and which version an import judges its rows: a file that was cut off goes on only when it is judged alike. The
-- same stands in migrations/postgres.
ALTER TABLE import ADD COLUMN judged_by TEXT NOT NULL DEFAULT '';
