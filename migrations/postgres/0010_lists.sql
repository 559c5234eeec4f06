-- A list asked for its campaign once for each of its rows, which took a quarter of an import's time. Who stores leads asks
-- once in the transaction (src/store/lead_insert/postgres.rs), and no campaign is ever deleted. See docs/decisions/011.
ALTER TABLE lead DROP CONSTRAINT IF EXISTS lead_campaign_id_fkey;
