-- Old rows are found by their age.
CREATE INDEX call_signal_age ON call_signal (created_at);
