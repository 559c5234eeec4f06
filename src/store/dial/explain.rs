//! Every gate a lead stands before, from the same facts as the dial itself, read without a lock.

use sqlx::FromRow;

use crate::domain::attempt::{AttemptState, DialKind};
use crate::domain::campaign::CampaignSettings;
use crate::domain::ids::{AttemptId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::permit::{self, Denial, Gate};
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::facts::Facts;
use crate::store::dial::lead::LeadRow;
use crate::store::dial::sql::fetch_optional;
use crate::store::{Store, StoreError};

/// The gates before a lead, each in the order in which they are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadGates {
    /// Those that are closed.
    pub closed: Vec<Denial>,
    /// The others, with what they see.
    pub open: Vec<(Gate, String)>,
}

impl Store {
    /// Every gate before a lead now; `None` when there is no such lead.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lead_gates(
        &self,
        lead: LeadId,
        settings: &CampaignSettings,
        reserve: NanoUsd,
        now: Timestamp,
    ) -> Result<Option<LeadGates>, StoreError> {
        on_db!(self.db, read, conn => lead_gates(conn.into(), lead, settings, reserve, now).await)
    }
}

async fn lead_gates(
    mut conn: Conn<'_>,
    lead: LeadId,
    settings: &CampaignSettings,
    reserve: NanoUsd,
    now: Timestamp,
) -> Result<Option<LeadGates>, StoreError> {
    let Some(lead) = LeadRow::read(conn.reborrow(), lead).await? else { return Ok(None) };
    let stands = fetch_optional!(conn, Stands, STANDS, lead.id).and_then(|stands| stands.told());
    let facts = Facts::gather(conn, &lead, None, settings, now).await?;
    let view = facts.view(&lead, settings, stands.as_deref(), reserve, lead.next_kind == DialKind::Callback);
    let closed = permit::gates(&view, now);
    let open = permit::open_gates(&view, &closed, now);
    Ok(Some(LeadGates { closed, open }))
}

/// Where a lead stands, and the call that is open to it.
#[derive(Debug, FromRow)]
struct Stands {
    state: LeadState,
    disposition: Option<Disposition>,
    reason: Option<Reason>,
    wait_reason: Option<String>,
    attempt: Option<AttemptId>,
    attempt_state: Option<AttemptState>,
}

const STANDS: &str = "SELECT l.state, l.disposition, l.reason, l.wait_reason, a.id AS attempt, a.state AS attempt_state
     FROM lead l LEFT JOIN attempt a ON a.lead_id = l.id AND a.state NOT IN ('ended', 'withdrawn', 'absent')
     WHERE l.id = $1 ORDER BY a.attempt_no DESC LIMIT 1";

impl Stands {
    /// Why nobody begins a call to it now; `None` while it waits for one.
    fn told(&self) -> Option<String> {
        let because = |why: Option<&str>| why.map(|why| format!(": {why}")).unwrap_or_default();
        Some(match self.state {
            LeadState::New | LeadState::Waiting => return None,
            LeadState::Active => match (self.attempt, self.attempt_state) {
                (Some(call), Some(state)) => format!("being called: call {call} is {}", state.as_str().replace('_', " ")),
                _ => "being called".to_owned(),
            },
            LeadState::Finished => {
                let reason = self.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
                format!("finished{}{reason}", because(self.disposition.map(Disposition::as_str)))
            }
            LeadState::Suppressed => "suppressed: it is never called again".to_owned(),
            LeadState::Parked => format!("parked{}", because(self.wait_reason.as_deref())),
            LeadState::Cancelled => "cancelled: it was taken off the list".to_owned(),
        })
    }
}
