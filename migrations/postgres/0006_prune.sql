-- Old rows are found by their age. A summary of blocks cannot do that for long: room that old rows leave is filled with new
-- ones, and a block that once held an old row is looked through for ever.
CREATE INDEX webhook_inbox_age ON webhook_inbox (received_at);
CREATE INDEX seen_call_age ON seen_call (seen_at);
CREATE INDEX call_signal_age ON call_signal (created_at);
DROP INDEX webhook_inbox_received;
DROP INDEX seen_call_seen;
