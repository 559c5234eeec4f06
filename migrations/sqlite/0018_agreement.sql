-- Of a promise: how sure the reading of its words was, in percent, and whether the callee heard its time before the call was over.
-- NULL where no conversation told, and where a version before this one wrote. The same stands in migrations/postgres.
ALTER TABLE callback ADD COLUMN confidence_percent INTEGER;
ALTER TABLE callback ADD COLUMN confirmed_aloud BOOLEAN;
