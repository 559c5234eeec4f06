-- What a process last met that keeps it from dialing, for whoever asks why nothing is dialed. Redis may be what is silent, so the
-- word stands here. It holds until `until_db` and is repeated while it is true. The same stands in migrations/postgres.
CREATE TABLE obstacle (
    process BLOB NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    said_db INTEGER NOT NULL,
    until_db INTEGER NOT NULL,
    PRIMARY KEY (process, kind)
);
CREATE INDEX obstacle_age ON obstacle (until_db);
