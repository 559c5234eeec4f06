-- Promised callbacks, one per call in which one was promised: what was said, when it is due, and the call that kept it.
CREATE TABLE callback (
    promised_in BLOB PRIMARY KEY REFERENCES attempt (id),
    lead_id BLOB NOT NULL REFERENCES lead (id),
    campaign_id BLOB NOT NULL REFERENCES campaign (id),
    words TEXT NOT NULL,
    -- IANA name: the clock it was promised on
    zone TEXT NOT NULL,
    -- as it was said aloud; never changed
    earliest INTEGER NOT NULL,
    latest INTEGER,
    promised_at INTEGER NOT NULL,
    -- as it is due now: later than promised once it was missed
    due_at INTEGER NOT NULL,
    due_until INTEGER,
    moves INTEGER NOT NULL DEFAULT 0,
    given_up BOOLEAN NOT NULL DEFAULT FALSE,
    -- the latest attempt that was armed for it
    dialed_in BLOB REFERENCES attempt (id)
);

CREATE INDEX callback_of_lead ON callback (lead_id, promised_at);
CREATE INDEX callback_of_campaign ON callback (campaign_id, promised_in);
