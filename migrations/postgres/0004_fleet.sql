-- Which server wrote these rows last: a promoted standby, or a restored copy, is another one and may have forgotten sends.
CREATE TABLE database_life (
    name TEXT PRIMARY KEY,
    life TEXT NOT NULL,
    since BIGINT NOT NULL
);

-- Rows that are written several times in their short life find room beside their old versions.
ALTER TABLE attempt SET (fillfactor = 60);
ALTER TABLE lead SET (fillfactor = 80);
ALTER TABLE job SET (fillfactor = 70);

-- Old rows are removed by age.
CREATE INDEX webhook_inbox_received ON webhook_inbox USING brin (received_at);
CREATE INDEX seen_call_seen ON seen_call USING brin (seen_at);
