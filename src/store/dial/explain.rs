//! Every gate a lead stands before, from the same facts as the dial itself, read without a lock.

use crate::domain::attempt::DialKind;
use crate::domain::campaign::CampaignSettings;
use crate::domain::ids::LeadId;
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::permit::{self, Denial};
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::facts::Facts;
use crate::store::dial::lead::LeadRow;
use crate::store::{Store, StoreError};

impl Store {
    /// The closed gates of a lead now, in the order in which they are asked; `None` when there is no such lead.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn closed_gates(
        &self,
        lead: LeadId,
        settings: &CampaignSettings,
        reserve: NanoUsd,
        now: Timestamp,
    ) -> Result<Option<Vec<Denial>>, StoreError> {
        on_db!(self.db, read, conn => closed_gates(conn.into(), lead, settings, reserve, now).await)
    }
}

async fn closed_gates(
    mut conn: Conn<'_>,
    lead: LeadId,
    settings: &CampaignSettings,
    reserve: NanoUsd,
    now: Timestamp,
) -> Result<Option<Vec<Denial>>, StoreError> {
    let Some(lead) = LeadRow::read(conn.reborrow(), lead).await? else { return Ok(None) };
    let facts = Facts::gather(conn, &lead, None, settings, now).await?;
    let callable = matches!(lead.state, LeadState::New | LeadState::Waiting);
    let view = facts.view(&lead, settings, callable, reserve, lead.next_kind == DialKind::Callback);
    Ok(Some(permit::gates(&view, now)))
}
