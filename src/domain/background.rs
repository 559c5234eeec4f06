//! The states of what goes on beside the calls: imports, jobs, deferred tasks and their batches, and the processes that
//! work. Each has its table of changes; a change that is not in it is not written.

use crate::word_enum;

word_enum! {
    /// Where an import stands. Changed only along [`IMPORT`].
    pub enum ImportState {
        /// Being read, or waiting to be read on after a stop.
        Running = "running",
        /// Read to the end.
        Done = "done",
        /// Given up: it was cut off, and its file was imported anew by other rules.
        Failed = "failed",
        /// Taken back by an operator.
        Undone = "undone",
    }
}

word_enum! {
    /// Where a job stands. Changed only along [`JOB`].
    pub enum JobState {
        /// To be run at `run_at` or later.
        Queued = "queued",
        /// Claimed; claimable again when the lease lapses.
        Running = "running",
        /// Did its work.
        Done = "done",
        /// Given up; only an operator revives it.
        Dead = "dead",
    }
}

word_enum! {
    /// Where a deferred task stands. Changed only along [`TASK`].
    pub enum TaskState {
        /// Wanted, not asked yet.
        Waiting = "waiting",
        /// Part of a batch.
        Batched = "batched",
        /// Its result is stored.
        Done = "done",
        /// Given up.
        Failed = "failed",
    }
}

word_enum! {
    /// Where a batch stands. Changed only along [`BATCH`].
    pub enum BatchState {
        /// Its tasks are gathered; the provider may or may not know of it yet.
        Intent = "intent",
        /// Its file is at the provider.
        Uploaded = "uploaded",
        /// The provider works on it.
        Submitted = "submitted",
        /// Its results are applied.
        Collected = "collected",
        /// Given up; its tasks went back.
        Failed = "failed",
    }
}

word_enum! {
    /// Where a worker stands. Changed only along [`WORKER`].
    pub enum WorkerState {
        /// Takes calls.
        Running = "running",
        /// Takes no new calls and waits for its last ones.
        Draining = "draining",
        /// Ended in order, or was found dead.
        Stopped = "stopped",
    }
}

/// Changes with the event that causes each.
pub type Table<S> = &'static [(S, S, &'static str)];

/// Changes of an import.
pub const IMPORT: Table<ImportState> = {
    use ImportState::{Done, Failed, Running, Undone};
    &[
        (Running, Done, "read to the end"),
        (Running, Failed, "cut off, and its file imported anew by other rules"),
        (Running, Undone, "taken back"),
        (Done, Undone, "taken back"),
        (Failed, Undone, "taken back"),
    ]
};

/// Changes of a job.
pub const JOB: Table<JobState> = {
    use JobState::{Dead, Done, Queued, Running};
    &[
        (Queued, Running, "claimed"),
        (Running, Running, "claimed anew after its lease lapsed"),
        (Running, Done, "did its work"),
        (Running, Queued, "snoozed, or failed with tries left"),
        (Running, Dead, "failed for good"),
        (Dead, Queued, "revived by an operator"),
    ]
};

/// Changes of a deferred task.
pub const TASK: Table<TaskState> = {
    use TaskState::{Batched, Done, Failed, Waiting};
    &[
        (Waiting, Batched, "gathered"),
        (Batched, Done, "answered"),
        (Batched, Waiting, "not answered, with tries left"),
        (Batched, Failed, "not answered for the last time"),
    ]
};

/// Changes of a batch.
pub const BATCH: Table<BatchState> = {
    use BatchState::{Collected, Failed, Intent, Submitted, Uploaded};
    &[
        (Intent, Uploaded, "its file is at the provider"),
        (Uploaded, Submitted, "the provider took it"),
        (Submitted, Collected, "every task is answered or went back"),
        (Intent, Failed, "refused for good"),
        (Uploaded, Failed, "refused for good"),
        (Submitted, Failed, "failed as a whole"),
    ]
};

/// Changes of a worker.
pub const WORKER: Table<WorkerState> = {
    use WorkerState::{Draining, Running, Stopped};
    &[
        (Running, Draining, "asked to stop"),
        (Running, Stopped, "ended, or its heartbeat stood still"),
        (Draining, Stopped, "its last call ended, or its heartbeat stood still"),
        (Stopped, Running, "it was found dead, and its heart beats again"),
        (Stopped, Draining, "it was found dead while it drained, and its heart beats again"),
    ]
};

/// Whether a table has this change.
pub fn allows<S: PartialEq + Copy>(table: Table<S>, from: S, to: S) -> bool {
    table.iter().any(|(one, other, _)| *one == from && *other == to)
}

/// The states from which a table leads to this one: what compare-and-set compares with.
pub fn sources<S: PartialEq + Copy>(table: Table<S>, to: S) -> Vec<S> {
    table.iter().filter(|(_, other, _)| *other == to).map(|(from, ..)| *from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_an_end_and_the_rest_leads_somewhere() {
        assert!(!allows(WORKER, WorkerState::Draining, WorkerState::Running), "a worker that drains does not come back");
        assert_eq!(sources(IMPORT, ImportState::Done), [ImportState::Running]);
        assert!(allows(JOB, JobState::Dead, JobState::Queued) && !allows(JOB, JobState::Done, JobState::Queued));
        let reachable = |state: &BatchState| *state == BatchState::Intent || !sources(BATCH, *state).is_empty();
        assert!(BatchState::ALL.iter().all(reachable));
        assert!(TaskState::ALL.iter().all(|state| *state == TaskState::Waiting || !sources(TASK, *state).is_empty()));
    }
}
