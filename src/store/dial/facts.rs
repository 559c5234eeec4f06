//! What the permit looks at, gathered inside the transaction that acts on it.

use std::time::Duration;

use sqlx::FromRow;

use crate::domain::campaign::{CampaignSettings, CampaignState};
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::money::NanoUsd;
use crate::domain::permit::PermitFacts;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::db::Conn;
use crate::store::dial::lead::LeadRow;
use crate::store::dial::sql::{count, fetch_one, fetch_value, fetch_values};

/// The cap per number looks back this far.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The facts as rows; [`Facts::view`] lends them to the permit.
#[derive(Debug)]
pub(super) struct Facts {
    campaign: CampaignState,
    suppressed: bool,
    zones: Vec<String>,
    placed_for_lead: u32,
    placed_to_number: Vec<Timestamp>,
    spent_and_reserved: NanoUsd,
}

impl Facts {
    /// Reads everything for one lead. `own` is the attempt whose reservation must not count against itself.
    pub async fn gather(
        mut conn: Conn<'_>,
        lead: &LeadRow,
        own: Option<AttemptId>,
        settings: &CampaignSettings,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (campaign, since) = (lead.campaign_id, now - DAY);
        let look = fetch_one!(conn, Look, LOOK, campaign, lead.id, lead.phone_number.clone(), campaign.to_string(), since);
        let spent_and_reserved = match settings.budget {
            Some(_) => spent(conn.reborrow(), lead.campaign_id).await? + reserved(conn.reborrow(), lead.campaign_id, own).await?,
            None => NanoUsd::ZERO,
        };
        Ok(Self {
            campaign: look.campaign,
            suppressed: look.suppressions > 0,
            zones: serde_json::from_str(&lead.zones)
                .map_err(|source| StoreError::Unreadable { what: format!("lead.zones of {}", lead.id), source })?,
            placed_for_lead: count(look.placed_for_lead),
            placed_to_number: match look.placed_to_number {
                0 => Vec::new(),
                _ => placed_to_number(conn, &lead.phone_number, since).await?,
            },
            spent_and_reserved,
        })
    }

    /// Whether the campaign makes calls at all (a draining one keeps its promises).
    pub const fn campaign_dials(&self) -> bool {
        matches!(self.campaign, CampaignState::Running | CampaignState::Draining)
    }

    /// The permit's view.
    pub fn view<'a>(
        &'a self,
        lead: &'a LeadRow,
        settings: &'a CampaignSettings,
        lead_callable: bool,
        reserve: NanoUsd,
        is_callback: bool,
    ) -> PermitFacts<'a> {
        PermitFacts {
            campaign: self.campaign,
            settings,
            lead_callable,
            consent_basis: lead.consent_basis.as_deref(),
            suppressed: self.suppressed,
            zones: &self.zones,
            placed_for_lead: self.placed_for_lead,
            placed_to_number: &self.placed_to_number,
            spent_and_reserved: self.spent_and_reserved,
            reserve,
            is_callback,
        }
    }
}

/// What most leads need, in one round trip: $1 campaign, $2 lead, $3 number, $4 the campaign's scope, $5 a day ago.
const LOOK: &str = "SELECT state AS campaign,
        (SELECT COUNT(*) FROM attempt WHERE lead_id = $2 AND placed_at IS NOT NULL) AS placed_for_lead,
        (SELECT COUNT(*) FROM attempt WHERE to_number = $3 AND placed_at > $5) AS placed_to_number,
        (SELECT COUNT(*) FROM suppression WHERE phone_number = $3 AND scope IN ('global', $4)) AS suppressions
    FROM campaign WHERE id = $1";

#[derive(Debug, FromRow)]
struct Look {
    campaign: CampaignState,
    placed_for_lead: i64,
    placed_to_number: i64,
    suppressions: i64,
}

async fn placed_to_number(mut conn: Conn<'_>, number: &PhoneNumber, since: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
    let sql = "SELECT placed_at FROM attempt WHERE to_number = $1 AND placed_at > $2 ORDER BY placed_at";
    Ok(fetch_values!(conn, Timestamp, sql, number.clone(), since))
}

async fn spent(mut conn: Conn<'_>, campaign: CampaignId) -> Result<NanoUsd, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(cost_nano_usd), 0) AS BIGINT) FROM ledger WHERE campaign_id = $1";
    Ok(fetch_value!(conn, NanoUsd, sql, campaign))
}

/// Reserved by open attempts; a closed one reserves nothing.
async fn reserved(mut conn: Conn<'_>, campaign: CampaignId, own: Option<AttemptId>) -> Result<NanoUsd, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(reserved_nano_usd), 0) AS BIGINT) FROM attempt
               WHERE campaign_id = $1 AND id <> $2
                 AND state IN ('ready', 'sending', 'unknown', 'placed', 'ringing', 'talking', 'handed_off', 'refused')";
    Ok(fetch_value!(conn, NanoUsd, sql, campaign, own.unwrap_or(AttemptId(uuid::Uuid::nil()))))
}
