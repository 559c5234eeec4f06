//! Calls at the provider that nobody has answered and that should not go on: their campaign does not dial any more, their
//! lead was taken off the list, or their number was suppressed after they were sent.

use sqlx::FromRow;

use crate::domain::campaign::CampaignState;
use crate::domain::dialing::{CallStatus, Recall};
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::lead::LeadState;
use crate::domain::phone::PhoneNumber;
use crate::domain::suppression::SuppressionSource;
use crate::store::db::{Conn, on_db};
use crate::store::dial::sql::{count, fetch_all, fetch_value};
use crate::store::{Store, StoreError, suppression};

/// A call to be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recallable {
    /// Which attempt.
    pub attempt: AttemptId,
    /// Which send.
    pub send_no: u32,
    /// The provider's id.
    pub call_sid: String,
    /// Why.
    pub why: Recall,
}

#[derive(Debug, FromRow)]
struct Row {
    id: AttemptId,
    send_no: i32,
    call_sid: String,
    campaign_id: CampaignId,
    to_number: PhoneNumber,
    provider_status: Option<CallStatus>,
    campaign_state: CampaignState,
    lead_state: LeadState,
}

/// A campaign's own suppressions are told apart by [`suppression::suppressed`]: their scope is written as text.
const CANDIDATES: &str = "SELECT a.id, a.send_no, a.call_sid, a.campaign_id, a.to_number, a.provider_status, c.state AS campaign_state,
       l.state AS lead_state
     FROM attempt a JOIN campaign c ON c.id = a.campaign_id JOIN lead l ON l.id = a.lead_id
     WHERE a.state IN ('placed', 'ringing') AND a.call_sid IS NOT NULL AND a.provider_ended_at IS NULL AND a.held_by IS NULL
       AND ((a.state = 'placed' AND (c.state NOT IN ('running', 'draining') OR l.state = 'cancelled'))
         OR EXISTS (SELECT 1 FROM suppression s WHERE s.phone_number = a.to_number AND s.source <> 'quarantine'))
     ORDER BY a.state_at, a.id LIMIT $1";

impl Store {
    /// Calls to be taken back at the provider, longest unmoved first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn recallable(&self, limit: u32) -> Result<Vec<Recallable>, StoreError> {
        on_db!(self.db, read, conn => recallable(conn.into(), limit).await)
    }

    /// Calls of a campaign that the provider has taken and not begun to ring.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn queued_calls(&self, campaign: CampaignId) -> Result<u32, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "SELECT COUNT(*) FROM attempt WHERE campaign_id = $1 AND state = 'placed' AND call_sid IS NOT NULL
                       AND provider_ended_at IS NULL AND (provider_status IS NULL OR provider_status IN ('queued', 'initiated'))";
            Ok(count(fetch_value!(conn, i64, sql, campaign)))
        })
    }
}

async fn recallable(mut conn: Conn<'_>, limit: u32) -> Result<Vec<Recallable>, StoreError> {
    let mut calls = Vec::new();
    for row in fetch_all!(conn, Row, CANDIDATES, i64::from(limit)) {
        let found = suppression::suppressed(conn.reborrow(), &row.to_number, row.campaign_id).await?;
        let is_suppressed = found.is_some_and(|found| found.source != SuppressionSource::Quarantine);
        calls.extend(row.judge(is_suppressed));
    }
    Ok(calls)
}

impl Row {
    fn judge(self, is_suppressed: bool) -> Option<Recallable> {
        let why = Recall::of(self.campaign_state, self.lead_state, is_suppressed)?;
        let known = self.provider_status.unwrap_or(CallStatus::Queued);
        let send_no = u32::try_from(self.send_no).unwrap_or(0);
        why.reaches(known).then_some(Recallable { attempt: self.id, send_no, call_sid: self.call_sid, why })
    }
}
