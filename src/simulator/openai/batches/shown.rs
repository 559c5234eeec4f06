//! The batch object.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::Batch;
use super::input::Mistake;
use super::life::{Moment, Status};
use super::output::Output;

impl Batch {
    /// The batch as the API shows it at `now`.
    pub fn shown(&self, now: Instant) -> Value {
        let moment = self.life.at(now - self.made);
        let began = |status: Status| self.began(&moment, status);
        json!({
            "id": self.id, "object": "batch", "endpoint": self.asked.endpoint, "input_file_id": self.asked.input_file_id,
            "model": self.input.as_ref().ok().map(|input| &input.model),
            "completion_window": self.asked.completion_window, "status": moment.status.word(), "errors": self.errors(&moment),
            "output_file_id": self.output.as_ref().and_then(|output| output.output_file_id.as_deref()),
            "error_file_id": self.output.as_ref().and_then(|output| output.error_file_id.as_deref()),
            "created_at": self.created_at, "expires_at": self.created_at + 86_400,
            "in_progress_at": began(Status::InProgress), "finalizing_at": began(Status::Finalizing),
            "completed_at": began(Status::Completed), "failed_at": began(Status::Failed), "expired_at": began(Status::Expired),
            "cancelling_at": began(Status::Cancelling), "cancelled_at": began(Status::Cancelled),
            "request_counts": self.counts(&moment), "usage": self.output.as_ref().map(usage), "metadata": self.asked.metadata,
        })
    }

    fn began(&self, moment: &Moment, status: Status) -> Option<i64> {
        let (_, after) = moment.passed.iter().find(|(passed, _)| *passed == status)?;
        Some(self.created_at + i64::try_from(after.as_secs()).unwrap_or(i64::MAX))
    }

    fn errors(&self, moment: &Moment) -> Value {
        let (Status::Failed, Err(mistakes)) = (moment.status, &self.input) else { return Value::Null };
        let listed = |mistake: &Mistake| json!({"code": mistake.code, "message": mistake.message, "param": null, "line": mistake.line});
        json!({"object": "list", "data": mistakes.iter().map(listed).collect::<Vec<_>>()})
    }

    /// Before the output exists nobody knows which lines will have failed.
    fn counts(&self, moment: &Moment) -> Value {
        let total = match (&self.input, moment.status) {
            (Ok(input), status) if status != Status::Validating => input.lines.len(),
            _ => 0,
        };
        let (completed, failed) = self.output.as_ref().map_or((moment.done, 0), |output| (output.completed, output.failed));
        json!({"total": total, "completed": completed, "failed": failed})
    }
}

fn usage(output: &Output) -> Value {
    let usage = output.usage;
    json!({
        "input_tokens": usage.input, "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": usage.input + usage.output,
    })
}
