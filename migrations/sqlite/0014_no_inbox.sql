-- What comes twice is folded twice and changes nothing: no list of messages was ever asked whether one had come before.
DROP TABLE webhook_inbox;
