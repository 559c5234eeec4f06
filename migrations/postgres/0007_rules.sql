-- The registry a do-not-call list comes from, by the jurisdiction that keeps it (`us`, `ca`, `gb`): it says how old the list may
-- be and whose calls wait for it. NULL when nobody said.
ALTER TABLE dnc_list ADD COLUMN registry TEXT;

-- When a campaign last began to run: its circuit breaker looks no further back, or it would trip again as soon as it is resumed.
ALTER TABLE campaign ADD COLUMN running_since BIGINT;
