//! What the permit looks at, gathered inside the transaction that acts on it. Every statement is one short look at an index.

use std::borrow::Cow;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use sqlx::FromRow;

use crate::domain::caller::CallerChoice;
use crate::domain::campaign::{CampaignSettings, CampaignState};
use crate::domain::dnc::{StaleList, may_be_too_old, too_old};
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::law::{Jurisdiction, laws_for};
use crate::domain::line::{BlockedRange, blocked_range};
use crate::domain::money::NanoUsd;
use crate::domain::not_permitted::{NotPermitted, RefusedCountry};
use crate::domain::permit::PermitFacts;
use crate::domain::phone::PhoneNumber;
use crate::domain::suppression::Suppressed;
use crate::domain::time::Timestamp;
use crate::domain::zone::{Address, country_of};
use crate::store::codec::JsonText;
use crate::store::db::Conn;
use crate::store::dial::caller;
use crate::store::dial::lead::LeadRow;
use crate::store::dial::sql::{count, fetch_one, fetch_value, fetch_values};
use crate::store::dnc::list_dates;
use crate::store::suppression::suppressed;
use crate::store::{StoreError, spend};

/// Caps per number look back this far.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// An attempt that is being asked about again: it must not count against itself, and it keeps the number it was armed with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own<'a> {
    pub attempt: AttemptId,
    pub from: &'a PhoneNumber,
}

/// The facts as rows; [`Facts::view`] lends them to the permit.
#[derive(Debug)]
pub(super) struct Facts {
    campaign: CampaignState,
    suppressed: Option<Suppressed>,
    stale_dnc_list: Option<StaleList>,
    country: Option<&'static str>,
    not_permitted: Option<RefusedCountry>,
    blocked_range: Option<BlockedRange>,
    laws: Vec<&'static Jurisdiction>,
    zones: Vec<String>,
    placed_for_lead: u32,
    placed_to_number: Vec<Timestamp>,
    caller: CallerChoice,
    pool: Vec<PhoneNumber>,
    spent_and_reserved: NanoUsd,
}

/// What the list says about where a person lives.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Stated<'a> {
    #[serde(borrow)]
    state: Option<Cow<'a, str>>,
    #[serde(borrow)]
    postal_code: Option<Cow<'a, str>>,
}

impl Stated<'_> {
    fn states(&self, number: &PhoneNumber) -> Vec<&'static str> {
        Address { state: self.state.as_deref(), postal_code: self.postal_code.as_deref() }.states(number)
    }
}

impl Facts {
    /// Reads everything for one lead. `own` is the attempt that is asked about, once there is one.
    pub async fn gather(
        mut conn: Conn<'_>,
        lead: &LeadRow,
        own: Option<Own<'_>>,
        settings: &CampaignSettings,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (number, campaign) = (&lead.phone_number, lead.campaign_id);
        let look = fetch_one!(conn, Look, LOOK, campaign, lead.id, number.clone(), campaign.to_string(), since(now));
        Self::after(look, conn, lead, own, settings, now).await
    }

    /// The same after a look that was taken with the lead.
    pub async fn after(
        look: Look,
        mut conn: Conn<'_>,
        lead: &LeadRow,
        own: Option<Own<'_>>,
        settings: &CampaignSettings,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (number, campaign) = (&lead.phone_number, lead.campaign_id);
        let spent_and_reserved = match settings.budget {
            Some(_) => spend::of(conn.reborrow(), lead.campaign_id).await? + reserved(conn.reborrow(), lead.campaign_id, own).await?,
            None => NanoUsd::ZERO,
        };
        let stated: Stated<'_> = serde_json::from_str(&lead.variables).unwrap_or_default();
        let pool = own.map_or_else(|| settings.caller_numbers.clone(), |own| vec![own.from.clone()]);
        Ok(Self {
            campaign: look.campaign,
            suppressed: match look.suppressions {
                0 => None,
                _ => suppressed(conn.reborrow(), number, campaign).await?,
            },
            stale_dnc_list: match look.oldest_dnc_list {
                Some(oldest) if may_be_too_old(&oldest, today(now)) => {
                    too_old(&list_dates(conn.reborrow()).await?, &settings.countries, today(now))
                }
                _ => None,
            },
            country: country_of(number),
            not_permitted: look.not_permitted.and_then(|countries| countries.of(number).cloned()),
            blocked_range: blocked_range(number),
            laws: laws_for(number, &stated.states(number), settings.law.profile),
            zones: serde_json::from_str(&lead.zones)
                .map_err(|source| StoreError::Unreadable { what: format!("lead.zones of {}", lead.id), source })?,
            placed_for_lead: count(look.placed_for_lead),
            placed_to_number: match look.placed_to_number {
                0 => Vec::new(),
                _ => placed_to_number(conn.reborrow(), number, since(now)).await?,
            },
            caller: {
                let rejected = if look.rejections == 0 { Vec::new() } else { caller::rejected(conn.reborrow(), number).await? };
                caller::choose(conn, &pool, number, &rejected, own.map(|own| own.attempt), settings, now).await?
            },
            pool,
            spent_and_reserved,
        })
    }

    /// Whether the campaign makes calls at all (a draining one keeps its promises).
    pub const fn campaign_dials(&self) -> bool {
        matches!(self.campaign, CampaignState::Running | CampaignState::Draining)
    }

    /// The number to show, where one is free.
    pub fn caller(&self) -> Option<&PhoneNumber> {
        if let CallerChoice::Use(at) = self.caller { self.pool.get(at) } else { None }
    }

    /// The permit's view.
    pub fn view<'a>(
        &'a self,
        lead: &'a LeadRow,
        settings: &'a CampaignSettings,
        lead_stands: Option<&'a str>,
        reserve: NanoUsd,
        is_callback: bool,
    ) -> PermitFacts<'a> {
        PermitFacts {
            campaign: self.campaign,
            settings,
            lead_stands,
            consent_basis: lead.consent_basis.as_deref(),
            suppressed: self.suppressed,
            stale_dnc_list: self.stale_dnc_list.as_ref(),
            country: self.country,
            not_permitted: self.not_permitted.as_ref(),
            blocked_range: self.blocked_range,
            laws: &self.laws,
            zones: &self.zones,
            placed_for_lead: self.placed_for_lead,
            placed_to_number: &self.placed_to_number,
            caller: self.caller,
            spent_and_reserved: self.spent_and_reserved,
            reserve,
            is_callback,
        }
    }
}

/// Caps per number look back to here.
pub(super) fn since(now: Timestamp) -> Timestamp {
    now - DAY
}

/// The entries that may close the way to a number, in a campaign's scope.
macro_rules! suppressions {
    (of $number:literal, scope $scope:literal) => {
        concat!("FROM suppression WHERE phone_number = ", $number, " AND (scope IN ('global', ", $scope, ") OR source = 'list')")
    };
}

/// Columns of [`Look`] beside those of the campaign's row. A promised callback does not count against its lead, but against the number.
macro_rules! look {
    (lead $lead:literal, number $number:literal, scope $scope:literal, since $since:literal) => {
        concat!(
            "(SELECT COUNT(*) FROM attempt WHERE lead_id = ",
            $lead,
            " AND placed_at IS NOT NULL AND kind <> 'callback') AS placed_for_lead,
             (SELECT COUNT(*) FROM attempt WHERE to_number = ",
            $number,
            " AND placed_at > ",
            $since,
            ") AS placed_to_number,
             (SELECT COUNT(*) ",
            $crate::store::dial::facts::suppressions!(of $number, scope $scope),
            ") AS suppressions,
             (SELECT COUNT(*) FROM attempt WHERE to_number = ",
            $number,
            " AND reason = 'spam_labelled') AS rejections,
             (SELECT MIN(scrub_date) FROM dnc_list) AS oldest_dnc_list"
        )
    };
}
pub(super) use {look, suppressions};

/// What most leads need, in one round trip: $1 campaign, $2 lead, $3 number, $4 the campaign's scope, $5 a day ago.
const LOOK: &str = concat!(
    "SELECT state AS campaign, not_permitted, ",
    look!(lead "$2", number "$3", scope "$4", since "$5"),
    " FROM campaign WHERE id = $1"
);

/// Counts that say which of the facts have to be read at all.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Look {
    campaign: CampaignState,
    not_permitted: Option<JsonText<NotPermitted>>,
    placed_for_lead: i64,
    placed_to_number: i64,
    pub suppressions: i64,
    rejections: i64,
    oldest_dnc_list: Option<String>,
}

fn today(now: Timestamp) -> Date {
    now.in_zone(&TimeZone::UTC).date()
}

async fn placed_to_number(mut conn: Conn<'_>, number: &PhoneNumber, since: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
    let sql = "SELECT placed_at FROM attempt WHERE to_number = $1 AND placed_at > $2 ORDER BY placed_at";
    Ok(fetch_values!(conn, Timestamp, sql, number.clone(), since))
}

/// Reserved by open attempts; a closed one reserves nothing. At most as many rows as the campaign has lines.
async fn reserved(mut conn: Conn<'_>, campaign: CampaignId, own: Option<Own<'_>>) -> Result<NanoUsd, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(reserved_nano_usd), 0) AS BIGINT) FROM attempt
               WHERE campaign_id = $1 AND id <> $2
                 AND state IN ('ready', 'sending', 'unknown', 'placed', 'ringing', 'talking', 'handed_off', 'refused')";
    let own = own.map_or(AttemptId(uuid::Uuid::nil()), |own| own.attempt);
    Ok(fetch_value!(conn, NanoUsd, sql, campaign, own))
}
