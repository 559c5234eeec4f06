-- Which server wrote these rows last: used on PostgreSQL, where a promoted standby may have forgotten sends.
CREATE TABLE database_life (
    name TEXT PRIMARY KEY,
    life TEXT NOT NULL,
    since INTEGER NOT NULL
);

-- Old rows are removed by age.
CREATE INDEX webhook_inbox_received ON webhook_inbox (received_at);
CREATE INDEX seen_call_seen ON seen_call (seen_at);
