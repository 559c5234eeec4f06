-- Totals and indexes for gates that are asked before every dial. The same stands in migrations/postgres.

-- What a campaign has spent, kept with every ledger entry.
CREATE TABLE campaign_spend (
    campaign_id BLOB PRIMARY KEY,
    spent_nano_usd INTEGER NOT NULL
);
INSERT INTO campaign_spend (campaign_id, spent_nano_usd)
    SELECT campaign_id, CAST(SUM(cost_nano_usd) AS BIGINT) FROM ledger WHERE campaign_id IS NOT NULL GROUP BY campaign_id;

-- When a caller number was used, latest first.
CREATE INDEX attempt_by_caller ON attempt (from_number, created_at);

-- Leads with the same calling hours are one class (0: not sorted yet, the permit decides). A closed class is not looked at,
-- so its leads cost the dispatcher nothing.
ALTER TABLE lead ADD COLUMN hours_class INTEGER NOT NULL DEFAULT 0;
CREATE INDEX lead_due_by_class ON lead (campaign_id, state, next_kind, hours_class, next_attempt_at);
DROP INDEX lead_due;

-- The classes of a campaign's leads and what their hours depend on.
CREATE TABLE hours_class (
    campaign_id BLOB NOT NULL REFERENCES campaign (id),
    class INTEGER NOT NULL,
    -- zones as JSON, ids of jurisdictions with blanks between them
    zones TEXT NOT NULL,
    laws TEXT NOT NULL,
    PRIMARY KEY (campaign_id, class)
);
