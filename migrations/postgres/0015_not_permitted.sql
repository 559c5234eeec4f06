-- Countries that the provider does not let a campaign call, with its word, as a JSON object by country: leads of these are parked
-- until somebody retries them. The same stands in migrations/sqlite.
ALTER TABLE campaign ADD COLUMN not_permitted TEXT;
