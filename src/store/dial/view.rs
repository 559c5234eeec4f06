//! Attempts and leads as people look at them: `call list`, `call show`, and what stands behind a lead.

use serde::Serialize;
use sqlx::FromRow;

use crate::domain::attempt::{AttemptState, DialKind};
use crate::domain::dialing::CallStatus;
use crate::domain::ids::{AgentVersionId, AttemptId, CampaignId, LeadId, WorkerId};
use crate::domain::money::NanoUsd;
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::number;
use crate::store::dial::sql::{fetch_all, fetch_optional};
use crate::store::lead::Lead;
use crate::store::{Store, StoreError};

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct AttemptView {
    /// Its id.
    pub id: AttemptId,
    /// Whose.
    pub lead_id: LeadId,
    /// Of which campaign.
    pub campaign_id: CampaignId,
    /// Which try, from 1.
    pub attempt_no: i32,
    /// Why the lead was called.
    pub kind: DialKind,
    /// Where it stands.
    pub state: AttemptState,
    /// Which send of it.
    pub send_no: i32,
    /// Who speaks.
    pub agent_version_id: Option<AgentVersionId>,
    /// Whom it called.
    pub to_number: PhoneNumber,
    /// From which number.
    pub from_number: PhoneNumber,
    /// The provider's id.
    pub call_sid: Option<String>,
    /// The provider's latest status.
    pub provider_status: Option<CallStatus>,
    /// SIP code of the end.
    pub sip_code: Option<i32>,
    /// Who answered, in the provider's words.
    pub answered_by: Option<String>,
    /// Why it was refused last.
    pub refused_reason: Option<String>,
    /// The provider's code of that refusal.
    pub refused_code: Option<i32>,
    /// The gate that took it back before it was sent.
    pub withdrawn_by: Option<String>,
    /// Who holds or held the call.
    pub held_by: Option<WorkerId>,
    /// What came of it.
    pub disposition: Option<Disposition>,
    /// Why.
    pub reason: Option<Reason>,
    /// Asked not to be called again.
    pub opt_out: bool,
    /// Slots collected, a JSON object.
    pub slots: Option<String>,
    /// When it was armed.
    pub created_at: Timestamp,
    /// When the provider had it.
    pub placed_at: Option<Timestamp>,
    /// When it rang.
    pub ringing_at: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// Seconds between answer and end, as the provider counts.
    pub provider_duration_s: Option<i32>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// Seconds talked.
    pub duration_s: Option<i32>,
    /// What it cost.
    pub cost_nano_usd: NanoUsd,
}

macro_rules! columns {
    () => {
        "id, lead_id, campaign_id, attempt_no, kind, state, send_no, to_number, from_number, call_sid, provider_status, sip_code, \
         agent_version_id, answered_by, refused_reason, refused_code, withdrawn_by, held_by, disposition, reason, opt_out, slots, \
         created_at, placed_at, ringing_at, answered_at, provider_duration_s, ended_at, duration_s, cost_nano_usd"
    };
}

/// Which attempts to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Of this campaign only.
    pub campaign: Option<CampaignId>,
    /// In this state only.
    pub state: Option<AttemptState>,
}

/// A lead with its attempts and whoever has its number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeadView {
    /// The lead's own row.
    pub lead: Lead,
    /// The attempt that has the number now.
    pub number_held_by: Option<AttemptId>,
    /// Its attempts, first to last.
    pub attempts: Vec<AttemptView>,
}

impl Store {
    /// One attempt.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn attempt(&self, id: AttemptId) -> Result<Option<AttemptView>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            Ok(fetch_optional!(conn, AttemptView, concat!("SELECT ", columns!(), " FROM attempt WHERE id = $1"), id))
        })
    }

    /// Attempts, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn attempts(&self, filter: CallFilter, limit: u32) -> Result<Vec<AttemptView>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = concat!(
                "SELECT ", columns!(), " FROM attempt WHERE ($1 IS NULL OR campaign_id = $1) AND ($2 IS NULL OR state = $2)
                 ORDER BY id DESC LIMIT $3"
            );
            Ok(fetch_all!(conn, AttemptView, sql, filter.campaign, filter.state, i64::from(limit)))
        })
    }

    /// A lead with all that happened to it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lead_view(&self, id: LeadId) -> Result<Option<LeadView>, StoreError> {
        let Some(lead) = self.lead(id).await? else { return Ok(None) };
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let number_held_by = number::holder(conn.reborrow(), &lead.phone_number).await?.map(|holder| holder.attempt_id);
            let sql = concat!("SELECT ", columns!(), " FROM attempt WHERE lead_id = $1 ORDER BY attempt_no");
            let attempts = fetch_all!(conn, AttemptView, sql, id);
            Ok(Some(LeadView { lead, number_held_by, attempts }))
        })
    }
}
