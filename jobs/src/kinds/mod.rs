//! One file per kind of job.

mod dial_lead;
mod table_jobs;

pub use dial_lead::DialLead;
pub use table_jobs::{CancelCall, CollectBatch, FinishCall, GatherBatch};
