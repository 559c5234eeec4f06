-- Behind which lead of a campaign those are looked at again that a gate has put off: a change of settings may have opened it, and the
-- list is gone through page by page. NULL when there is nothing to look at. The same stands in migrations/sqlite.
ALTER TABLE campaign ADD COLUMN look_again_after UUID;
