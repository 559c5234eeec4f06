//! The dial protocol as pure decisions: claim, classify, reconcile, fold, sweep. The SQL and the sockets are thin around it.
