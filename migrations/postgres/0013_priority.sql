-- Fresh leads of a higher priority are called first. The priority stands in the index before the time, and only for fresh leads:
-- callbacks and retries go by time alone. The expression is `rank!` in src/store/lead_rank.rs, to the letter, or the index is not
-- used. See docs/decisions/014. The same stands in migrations/sqlite.
ALTER TABLE lead ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
DROP INDEX lead_due_by_class;
CREATE INDEX lead_due_by_class ON lead (campaign_id, state, next_kind, hours_class,
    (CASE WHEN next_kind = 'fresh' THEN priority ELSE 0 END), next_attempt_at);

-- What an import replaced; NULL where a version before this one kept it.
ALTER TABLE lead_before ADD COLUMN priority INTEGER;
