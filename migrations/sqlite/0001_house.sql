-- Times are milliseconds since the Unix epoch (UTC), money is nano-dollars, settings and slots are JSON text.
-- The same tables stand in migrations/postgres; only type names differ.

CREATE TABLE agent (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
);

CREATE TABLE agent_version (
    id BLOB PRIMARY KEY,
    agent_id BLOB NOT NULL REFERENCES agent (id),
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (agent_id, version)
);

CREATE TABLE prompt_version (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    layer TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    output_schema TEXT,
    sha256 TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (name, layer, version),
    UNIQUE (name, layer, sha256)
);

-- Which prompt versions an agent version speaks with.
CREATE TABLE agent_prompt (
    agent_version_id BLOB NOT NULL REFERENCES agent_version (id),
    layer TEXT NOT NULL,
    prompt_version_id BLOB NOT NULL REFERENCES prompt_version (id),
    PRIMARY KEY (agent_version_id, layer)
);

CREATE TABLE campaign (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    state_reason TEXT,
    settings TEXT NOT NULL,
    agent_version_id BLOB REFERENCES agent_version (id),
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER
);

CREATE TABLE import (
    id BLOB PRIMARY KEY,
    campaign_id BLOB NOT NULL REFERENCES campaign (id),
    file_name TEXT NOT NULL,
    file_sha256 TEXT NOT NULL,
    state TEXT NOT NULL,
    byte_offset INTEGER NOT NULL DEFAULT 0,
    row_offset INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    updated INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    ended_at INTEGER
);

CREATE TABLE lead (
    id BLOB PRIMARY KEY,
    campaign_id BLOB NOT NULL REFERENCES campaign (id),
    import_id BLOB,
    external_id TEXT,
    phone_number TEXT NOT NULL,
    zones TEXT NOT NULL DEFAULT '[]',
    variables TEXT NOT NULL DEFAULT '{}',
    consent_basis TEXT,
    state TEXT NOT NULL,
    next_kind TEXT NOT NULL DEFAULT 'fresh',
    next_attempt_at INTEGER NOT NULL,
    wait_reason TEXT,
    disposition TEXT,
    reason TEXT,
    opt_out BOOLEAN NOT NULL DEFAULT FALSE,
    callback_words TEXT,
    callback_at INTEGER,
    callback_until INTEGER,
    callback_zone TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    placed INTEGER NOT NULL DEFAULT 0,
    callbacks INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- the number first: this index also answers "which lists is this number on"
    UNIQUE (phone_number, campaign_id)
);

CREATE INDEX lead_due ON lead (campaign_id, state, next_kind, next_attempt_at);
-- Ids grow with time: the order of the list, for paging and export.
CREATE INDEX lead_in_order ON lead (campaign_id, id);

CREATE TABLE attempt (
    id BLOB PRIMARY KEY,
    lead_id BLOB NOT NULL REFERENCES lead (id),
    campaign_id BLOB NOT NULL REFERENCES campaign (id),
    attempt_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    send_no INTEGER NOT NULL DEFAULT 1,
    to_number TEXT NOT NULL,
    from_number TEXT NOT NULL,
    agent_version_id BLOB REFERENCES agent_version (id),
    reserved_nano_usd INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    -- ticket and send; *_db times are the database's own clock
    lease_until_db INTEGER NOT NULL DEFAULT 0,
    sent_by BLOB,
    intent_at INTEGER,
    intent_at_db INTEGER,
    send_deadline_db INTEGER,
    -- SHA-256 of the one-time token in the stream's parameters, hexadecimal
    stream_token TEXT,
    refused_reason TEXT,
    refused_code INTEGER,
    refusals INTEGER NOT NULL DEFAULT 0,
    rearm_at_db INTEGER,
    -- the gate that took it back before it was sent
    withdrawn_by TEXT,
    -- what the provider says
    provider TEXT NOT NULL DEFAULT 'twilio',
    call_sid TEXT,
    provider_sequence INTEGER NOT NULL DEFAULT -1,
    provider_status TEXT,
    sip_code INTEGER,
    answered_by TEXT,
    placed_at INTEGER,
    ringing_at INTEGER,
    answered_at INTEGER,
    provider_ended_at INTEGER,
    provider_duration_s INTEGER,
    -- last news of the call, and the last time we asked, by the database's own clock
    news_at_db INTEGER NOT NULL DEFAULT 0,
    polled_at_db INTEGER NOT NULL DEFAULT 0,
    -- what the holder says
    held_by BLOB,
    hold_epoch INTEGER NOT NULL DEFAULT 0,
    held_at INTEGER,
    closed_at INTEGER,
    holder_died BOOLEAN NOT NULL DEFAULT FALSE,
    draft_outcome TEXT,
    slots TEXT,
    -- the outcome
    disposition TEXT,
    reason TEXT,
    opt_out BOOLEAN NOT NULL DEFAULT FALSE,
    recording_refused BOOLEAN NOT NULL DEFAULT FALSE,
    asked_if_ai BOOLEAN NOT NULL DEFAULT FALSE,
    human_requested BOOLEAN NOT NULL DEFAULT FALSE,
    ended_at INTEGER,
    duration_s INTEGER,
    cost_nano_usd INTEGER NOT NULL DEFAULT 0,
    state_at INTEGER NOT NULL,
    UNIQUE (lead_id, attempt_no)
);

CREATE UNIQUE INDEX attempt_sid ON attempt (provider, call_sid) WHERE call_sid IS NOT NULL;
CREATE UNIQUE INDEX attempt_stream ON attempt (stream_token) WHERE stream_token IS NOT NULL;
CREATE INDEX attempt_open ON attempt (state, state_at);
CREATE INDEX attempt_by_number ON attempt (to_number, placed_at);
CREATE INDEX attempt_by_campaign ON attempt (campaign_id, state);

-- At most one open attempt per number in the whole deployment.
CREATE TABLE open_number (
    phone_number TEXT PRIMARY KEY,
    attempt_id BLOB NOT NULL,
    -- set while the number rests after a call that never appeared
    hold_until_db INTEGER
);
CREATE INDEX open_number_held ON open_number (hold_until_db) WHERE hold_until_db IS NOT NULL;

-- Every call that was ever named for an attempt, by the POST's answer, a signed callback, a stream or the list.
CREATE TABLE seen_call (
    provider TEXT NOT NULL,
    call_sid TEXT NOT NULL,
    attempt_id BLOB NOT NULL REFERENCES attempt (id),
    send_no INTEGER NOT NULL,
    -- it carried our own signature: it is a call of ours beyond doubt
    signed BOOLEAN NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (provider, call_sid)
);
CREATE INDEX seen_call_by_attempt ON seen_call (attempt_id);

CREATE TABLE suppression (
    phone_number TEXT NOT NULL,
    scope TEXT NOT NULL DEFAULT 'global',
    source TEXT NOT NULL,
    attempt_id BLOB,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (phone_number, scope)
);

CREATE TABLE webhook_inbox (
    provider TEXT NOT NULL,
    dedupe_key TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (provider, dedupe_key)
);

-- What a callback or an operator has to tell the worker that holds a call.
CREATE TABLE call_signal (
    id BLOB PRIMARY KEY,
    attempt_id BLOB NOT NULL REFERENCES attempt (id),
    kind TEXT NOT NULL,
    payload TEXT NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL,
    taken_at INTEGER
);
CREATE INDEX call_signal_new ON call_signal (attempt_id, taken_at);

-- What happened in a call, in order; the transcript and the outcome are folds of it.
CREATE TABLE call_event (
    attempt_id BLOB NOT NULL REFERENCES attempt (id),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    offset_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (attempt_id, seq)
);

-- One row per provider call.
CREATE TABLE ledger (
    id BLOB PRIMARY KEY,
    at INTEGER NOT NULL,
    campaign_id BLOB,
    attempt_id BLOB,
    turn INTEGER,
    service TEXT NOT NULL,
    purpose TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_version_id BLOB,
    route_reason TEXT,
    tier TEXT NOT NULL DEFAULT 'standard',
    tokens_in INTEGER NOT NULL DEFAULT 0,
    tokens_cached INTEGER NOT NULL DEFAULT 0,
    tokens_out INTEGER NOT NULL DEFAULT 0,
    units INTEGER NOT NULL DEFAULT 0,
    usage_source TEXT NOT NULL DEFAULT 'provider',
    cost_nano_usd INTEGER NOT NULL DEFAULT 0,
    baseline_nano_usd INTEGER NOT NULL DEFAULT 0,
    first_ms INTEGER,
    total_ms INTEGER,
    finish TEXT,
    cache_hit BOOLEAN NOT NULL DEFAULT FALSE,
    retry_of BLOB
);
CREATE INDEX ledger_by_attempt ON ledger (attempt_id);
CREATE INDEX ledger_by_campaign ON ledger (campaign_id, at);

-- Full prompt and completion, apart from the ledger so that they can be kept for a shorter time.
CREATE TABLE ledger_text (
    ledger_id BLOB PRIMARY KEY REFERENCES ledger (id),
    prompt TEXT NOT NULL,
    completion TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

-- Jobs that are not dials: listing, retrying and dead letters work the same in both modes.
CREATE TABLE job (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL DEFAULT 10,
    last_error TEXT,
    -- counts claims and never goes back: a claimer whose lease lapsed cannot finish somebody else's claim
    claim_no INTEGER NOT NULL DEFAULT 0,
    lease_until_db INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (kind, key)
);
CREATE INDEX job_due ON job (state, run_at);

CREATE TABLE queue_control (
    queue TEXT PRIMARY KEY,
    paused BOOLEAN NOT NULL DEFAULT FALSE,
    updated_at INTEGER NOT NULL
);

CREATE TABLE deferred_task (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    attempt_id BLOB NOT NULL REFERENCES attempt (id),
    campaign_id BLOB NOT NULL,
    model TEXT NOT NULL,
    prompt_version_id BLOB,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    batch_id BLOB,
    tries INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    result TEXT,
    last_error TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (kind, attempt_id)
);
CREATE INDEX deferred_task_state ON deferred_task (state, model, due_at);
CREATE INDEX deferred_task_by_batch ON deferred_task (batch_id);

CREATE TABLE batch (
    id BLOB PRIMARY KEY,
    model TEXT NOT NULL,
    state TEXT NOT NULL,
    input_file_id TEXT,
    provider_batch_id TEXT,
    tasks INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

-- A worker that lives moves its heartbeat; one that dies leaves its calls to the reaper.
CREATE TABLE worker (
    id BLOB PRIMARY KEY,
    host TEXT NOT NULL,
    version TEXT NOT NULL,
    lines INTEGER NOT NULL,
    busy INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL,
    heartbeat INTEGER NOT NULL DEFAULT 0,
    heartbeat_db INTEGER NOT NULL,
    started_at INTEGER NOT NULL
);

-- One holder at a time, by the database's clock.
CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    holder BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    until_db INTEGER NOT NULL
);

-- Who changed what; ids grow with time.
CREATE TABLE audit (
    id BLOB PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);
