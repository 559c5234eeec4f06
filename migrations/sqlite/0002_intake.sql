-- What an import needs to be taken back and to be the same after a stop, answers that are given once, and do-not-call lists.

ALTER TABLE import ADD COLUMN by_code TEXT NOT NULL DEFAULT '{}';
-- of the accepted ones, on a do-not-call list
ALTER TABLE import ADD COLUMN suppressed INTEGER NOT NULL DEFAULT 0;
-- length of the file of refused rows that belongs to byte_offset
ALTER TABLE import ADD COLUMN rejects_bytes INTEGER NOT NULL DEFAULT 0;

-- What an import replaced, for taking it back.
CREATE TABLE lead_before (
    import_id BLOB NOT NULL,
    lead_id BLOB NOT NULL,
    external_id TEXT,
    zones TEXT NOT NULL,
    variables TEXT NOT NULL,
    consent_basis TEXT,
    hours_class INTEGER NOT NULL,
    replaced_at INTEGER NOT NULL,
    PRIMARY KEY (import_id, lead_id)
);
CREATE INDEX lead_before_by_lead ON lead_before (lead_id, replaced_at);

-- Requests that carry a key of their own: the same request again gets the same answer.
CREATE TABLE idempotency (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    request_sha256 TEXT NOT NULL,
    status INTEGER,
    answer TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- Do-not-call lists; their numbers are rows of `suppression` with the scope `list:` and the name.
CREATE TABLE dnc_list (
    name TEXT PRIMARY KEY,
    -- the day on which its publisher wrote it, YYYY-MM-DD
    scrub_date TEXT NOT NULL,
    numbers INTEGER NOT NULL,
    imported_at INTEGER NOT NULL
);
CREATE INDEX suppression_of_list ON suppression (scope, created_at) WHERE source = 'list';
