//! A lead at the end of a call: the row, and the calls it had before.

use sqlx::FromRow;

use crate::domain::attempt::DialKind;
use crate::domain::campaign::CampaignSettings;
use crate::domain::dialing::{LeadHistory, Verdict};
use crate::domain::outcome::Outcome;
use crate::store::StoreError;
use crate::store::db::{Conn, EngineSql, engine_part};
use crate::store::dial::lead::LeadRow;
use crate::store::dial::row::AttemptRow;
use crate::store::dial::sql::{count, fetch_optional};

/// A lead and the calls it had before the one that is being finished.
#[derive(Debug, FromRow)]
pub(super) struct Called {
    #[sqlx(flatten)]
    pub lead: LeadRow,
    others: i64,
    others_promised: i64,
    others_alike: i64,
    others_same_reason: i64,
    suppressed: bool,
}

/// `$2` the attempt, `$3` its disposition, `$4` its reason, `$5` the campaign as a scope. A quarantine is the number's, not the
/// person's: what becomes of the lead then is the verdict's to say.
macro_rules! called {
    () => {
        "SELECT id, campaign_id, phone_number, zones, variables, consent_basis, state, next_kind, next_attempt_at, attempts, callbacks,
            (SELECT COUNT(*) FROM attempt a WHERE a.lead_id = $1 AND a.placed_at IS NOT NULL AND a.id <> $2) AS others,
            (SELECT COUNT(*) FROM attempt a WHERE a.lead_id = $1 AND a.placed_at IS NOT NULL AND a.id <> $2
                AND a.kind = 'callback') AS others_promised,
            (SELECT COUNT(*) FROM attempt a WHERE a.lead_id = $1 AND a.placed_at IS NOT NULL AND a.id <> $2
                AND a.state = 'ended' AND a.disposition = $3) AS others_alike,
            (SELECT COUNT(*) FROM attempt a WHERE a.lead_id = $1 AND a.placed_at IS NOT NULL AND a.id <> $2
                AND a.state = 'ended' AND a.reason = $4) AS others_same_reason,
            EXISTS (SELECT 1 FROM suppression s WHERE s.phone_number = lead.phone_number AND s.source <> 'quarantine'
                AND (s.scope IN ('global', $5) OR s.source = 'list')) AS suppressed
        FROM lead WHERE id = $1"
    };
}
const CALLED: EngineSql = EngineSql { postgres: concat!(called!(), engine_part!(postgres for_update)), sqlite: called!() };

impl Called {
    /// The lead is locked until the transaction ends. Its other calls are over: it has one open attempt at most.
    pub async fn lock(mut conn: Conn<'_>, row: &AttemptRow, outcome: &Outcome) -> Result<Option<Self>, StoreError> {
        let sql = CALLED.for_conn(&conn);
        let scope = row.campaign_id.to_string();
        Ok(fetch_optional!(conn, Self, sql, row.lead_id, row.id, outcome.disposition, outcome.reason, scope))
    }

    /// The lead as it stands.
    pub async fn read(mut conn: Conn<'_>, row: &AttemptRow, outcome: &Outcome) -> Result<Option<Self>, StoreError> {
        let scope = row.campaign_id.to_string();
        Ok(fetch_optional!(conn, Self, CALLED.sqlite, row.lead_id, row.id, outcome.disposition, outcome.reason, scope))
    }

    /// A lead that was not called before.
    pub const fn first(lead: LeadRow, suppressed: bool) -> Self {
        Self { lead, others: 0, others_promised: 0, others_alike: 0, others_same_reason: 0, suppressed }
    }

    /// Whether other calls were placed to the lead.
    pub const fn before(&self) -> bool {
        self.others > 0
    }

    /// Calls placed to the lead, with the one that is being finished, if it counts.
    pub fn placed(&self, row: &AttemptRow, verdict: &Verdict) -> u32 {
        count(self.others) + own(row, verdict)
    }

    /// With the call that is being finished, if it counts. A promised callback does not use up the campaign's attempts.
    pub fn history(&self, row: &AttemptRow, verdict: &Verdict, settings: &CampaignSettings) -> LeadHistory {
        let own = own(row, verdict);
        let promised = count(self.others_promised) + if row.kind == DialKind::Callback { own } else { 0 };
        let same_reason = if verdict.outcome.reason.is_some() { own } else { 0 };
        LeadHistory {
            placed: self.placed(row, verdict) - promised,
            max_attempts: settings.max_attempts,
            like_this: count(self.others_alike) + own,
            same_reason: count(self.others_same_reason) + same_reason,
            callbacks: u32::try_from(self.lead.callbacks).unwrap_or(0),
            max_callbacks: settings.max_callbacks,
            suppressed: self.suppressed,
        }
    }
}

/// One, if the call that is being finished counts.
fn own(row: &AttemptRow, verdict: &Verdict) -> u32 {
    u32::from(row.placed_at.is_some() && verdict.is_counted())
}
