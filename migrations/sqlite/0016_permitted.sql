-- When somebody last permitted a country that a campaign had been refused, by the database's own clock: a refusal of a call that was
-- posted before tells nothing new. The same stands in migrations/postgres.
ALTER TABLE campaign ADD COLUMN permitted_at_db INTEGER;
