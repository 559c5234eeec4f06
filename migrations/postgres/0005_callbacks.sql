-- Promised callbacks, one per call in which one was promised: what was said, when it is due, and the call that kept it.
CREATE TABLE callback (
    promised_in UUID PRIMARY KEY REFERENCES attempt (id),
    lead_id UUID NOT NULL REFERENCES lead (id),
    campaign_id UUID NOT NULL REFERENCES campaign (id),
    words TEXT NOT NULL,
    -- IANA name: the clock it was promised on
    zone TEXT NOT NULL,
    -- as it was said aloud; never changed
    earliest BIGINT NOT NULL,
    latest BIGINT,
    promised_at BIGINT NOT NULL,
    -- as it is due now: later than promised once it was missed
    due_at BIGINT NOT NULL,
    due_until BIGINT,
    moves INTEGER NOT NULL DEFAULT 0,
    given_up BOOLEAN NOT NULL DEFAULT FALSE,
    -- the latest attempt that was armed for it
    dialed_in UUID REFERENCES attempt (id)
);

CREATE INDEX callback_of_lead ON callback (lead_id, promised_at);
CREATE INDEX callback_of_campaign ON callback (campaign_id, promised_in);
