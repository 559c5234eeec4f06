//! What the last conversation with a lead left behind, for whoever talks to them next.

use sqlx::FromRow;

use crate::domain::ids::{AttemptId, LeadId};
use crate::domain::outcome::Disposition;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::sql::fetch_optional;
use crate::store::{Store, StoreError};

/// A conversation that is over.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct EarlierCall {
    /// When it ended.
    pub ended_at: Timestamp,
    /// What came of it.
    pub disposition: Disposition,
    /// What was found out: JSON.
    pub slots: Option<String>,
    /// The note on it, as it was answered: JSON. It may come hours after the call.
    pub summary: Option<String>,
    /// The words for which a callback was promised.
    pub callback_words: Option<String>,
}

/// Calls in which nobody of ours talked left no draft, a machine said nothing, and what somebody else said is not theirs.
const EARLIER: &str = "SELECT a.ended_at, a.disposition, a.slots,
        (SELECT t.result FROM deferred_task t WHERE t.attempt_id = a.id AND t.kind = 'summary' AND t.state = 'done') AS summary,
        (SELECT c.words FROM callback c WHERE c.promised_in = a.id) AS callback_words
    FROM attempt a
    WHERE a.lead_id = $1 AND a.id <> $2 AND a.state = 'ended' AND a.draft_outcome IS NOT NULL
      AND a.ended_at IS NOT NULL AND a.disposition <> 'voicemail' AND COALESCE(a.reason, '') <> 'wrong_person'
    ORDER BY a.attempt_no DESC LIMIT 1";

impl Store {
    /// The last conversation with a lead other than the one of this attempt.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn earlier_call(&self, lead: LeadId, now_in: AttemptId) -> Result<Option<EarlierCall>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            Ok(fetch_optional!(conn, EarlierCall, EARLIER, lead, now_in))
        })
    }
}
