-- What a process last met that keeps it from dialing, for whoever asks why nothing is dialed. Redis may be what is silent, so the
-- word stands here. It holds until `until_db` and is repeated while it is true. The same stands in migrations/sqlite.
CREATE TABLE obstacle (
    process UUID NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    said_db BIGINT NOT NULL,
    until_db BIGINT NOT NULL,
    PRIMARY KEY (process, kind)
);
CREATE INDEX obstacle_age ON obstacle (until_db);
