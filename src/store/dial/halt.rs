//! A fault that no redial mends: what it touches stands still until a person has looked.

use crate::domain::campaign::CampaignState;
use crate::domain::dialing::{DialTimings, HaltScope};
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::not_permitted::NotPermitted;
use crate::domain::permit::Denial;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::domain::zone::{country_of, openings_of};
use crate::store::audit::{self, NewAudit};
use crate::store::codec::JsonText;
use crate::store::db::{Conn, EngineSql, engine_sql, on_db};
use crate::store::dial::row::AttemptRow;
use crate::store::dial::sql::{execute, fetch_one, fetch_optional, fetch_value, fetch_values};
use crate::store::dial::withdraw::withdraw_one;
use crate::store::{Store, StoreError};

/// A country that a campaign was refused for the first time: its other leads are still to be parked.
#[derive(Debug, Clone)]
pub struct NewlyRefused {
    campaign: CampaignId,
    number: PhoneNumber,
    denial: Denial,
}

/// Halts the campaign, or all running campaigns, or has the campaign remember the country of the refused number.
pub(super) async fn halt(
    mut conn: Conn<'_>,
    scope: HaltScope,
    row: &AttemptRow,
    why: &str,
    now: Timestamp,
) -> Result<Option<NewlyRefused>, StoreError> {
    match scope {
        HaltScope::Fleet => {
            let why = format!("{why}: the account cannot dial; mend twilio.account_sid and its token, then resume each campaign");
            let sql = "SELECT id FROM campaign WHERE state IN ('running', 'draining') ORDER BY id";
            for campaign in fetch_values!(conn, CampaignId, sql) {
                halt_campaign(conn.reborrow(), campaign, &why, now).await?;
            }
        }
        HaltScope::Campaign => {
            let why = format!("{why}: check that its caller numbers belong to the account, then resume it");
            halt_campaign(conn, row.campaign_id, &why, now).await?;
        }
        HaltScope::Country => return refuse_country(conn, row, why, now).await,
    }
    Ok(None)
}

async fn halt_campaign(mut conn: Conn<'_>, id: CampaignId, why: &str, now: Timestamp) -> Result<(), StoreError> {
    const DIALS: EngineSql = engine_sql!("SELECT state FROM campaign WHERE id = $1 AND state IN ('running', 'draining')" for_update);
    let dials = DIALS.for_conn(&conn);
    let Some((was,)) = fetch_optional!(conn, (CampaignState,), dials, id) else { return Ok(()) };
    execute!(conn, "UPDATE campaign SET state = 'halted', state_reason = $2 WHERE id = $1", id, why);
    let (subject, detail) = (format!("campaign/{id}"), format!("{was} to halted: {why}"));
    audit::append(conn, NewAudit { actor: "dialer", action: "campaign.state", subject: &subject, detail: &detail }, now).await
}

/// The campaign remembers the country for leads that come later. The lead that was refused is parked already; all of them have one text.
/// Where the country was permitted while the call was under way the lead waits again: the next call tells.
async fn refuse_country(mut conn: Conn<'_>, row: &AttemptRow, why: &str, now: Timestamp) -> Result<Option<NewlyRefused>, StoreError> {
    const OWN: &str = "UPDATE lead SET wait_reason = $2, updated_at = $3 WHERE id = $1 AND state = 'parked'";
    const AGAIN: &str = "UPDATE lead SET state = 'waiting', wait_reason = NULL, updated_at = $2 WHERE id = $1 AND state = 'parked'";
    let Some((denial, is_new)) = remember(conn.reborrow(), row, why).await? else {
        execute!(conn, AGAIN, row.lead_id, now);
        return Ok(None);
    };
    execute!(conn, OWN, row.lead_id, denial.why(), now);
    Ok(is_new.then(|| NewlyRefused { campaign: row.campaign_id, number: row.to_number.clone(), denial }))
}

/// Writes the country into the campaign, and says whether it was not there yet. The first statement locks its row: who is refused at
/// the same time comes after this one. `None` when the refusal is older than a permission.
async fn remember(mut conn: Conn<'_>, row: &AttemptRow, why: &str) -> Result<Option<(Denial, bool)>, StoreError> {
    const LOCK: &str = "UPDATE campaign SET version = version WHERE id = $1 RETURNING name, not_permitted";
    let (name, known) = fetch_one!(conn, (String, Option<JsonText<NotPermitted>>), LOCK, row.campaign_id);
    let mut countries = known.unwrap_or_default().0;
    if let Some(refused) = countries.of(&row.to_number) {
        return Ok(Some((refused.denial(), false)));
    }
    if is_permitted_since(conn.reborrow(), row.id).await? {
        return Ok(None);
    }
    let denial = countries.add(&row.to_number, &name, why).denial();
    execute!(conn, "UPDATE campaign SET not_permitted = $2 WHERE id = $1", row.campaign_id, JsonText(&countries));
    Ok(Some((denial, true)))
}

/// Whether somebody permitted a country after the call was posted; the campaign's row is locked. It may have been another country: then
/// the next call of this one is refused and remembered. A permission that is still to come was given before the clock was set back:
/// every call until then would be older, and posted again at once.
async fn is_permitted_since(mut conn: Conn<'_>, attempt: AttemptId) -> Result<bool, StoreError> {
    const ASK: EngineSql = engine_sql!(
        "SELECT COUNT(*) FROM attempt JOIN campaign ON campaign.id = attempt.campaign_id
         WHERE attempt.id = $1 AND attempt.intent_at_db <= campaign.permitted_at_db AND campaign.permitted_at_db <= " now
    );
    let sql = ASK.for_conn(&conn);
    Ok(fetch_value!(conn, i64, sql, attempt) > 0)
}

impl Store {
    /// Parks what waits of a country, gives back what is armed and parks that with it. It reads the campaign's whole list, so it is done
    /// once for a country and behind the transaction that remembers it: what this leaves behind is parked when its turn comes.
    pub async fn park_country(&self, refused: &NewlyRefused, timings: &DialTimings, now: Timestamp) {
        let parked = on_db!(self.db, write, tx => park(tx.into(), refused, timings, now).await);
        if let Err(error) = parked {
            tracing::warn!(campaign.id = %refused.campaign, %error, "leads of a refused country were not parked at once; each is when its turn comes");
        }
    }
}

async fn park(mut conn: Conn<'_>, refused: &NewlyRefused, timings: &DialTimings, now: Timestamp) -> Result<(), StoreError> {
    const PARK: EngineSql = engine_sql!(
        "UPDATE lead SET state = 'parked', wait_reason = $3, updated_at = $4
         WHERE campaign_id = $1 AND state IN ('new', 'waiting') AND substr(phone_number, 2, 4) IN (" (each "$2") ")"
    );
    const READY: EngineSql = engine_sql!(
        "SELECT id FROM attempt WHERE campaign_id = $1 AND state = 'ready' AND substr(to_number, 2, 4) IN (" (each "$2") ") ORDER BY id"
    );
    let NewlyRefused { campaign, number, denial } = refused;
    if !is_refused(conn.reborrow(), *campaign, number).await? {
        return Ok(());
    }
    let openings = openings(number);
    let sql = PARK.for_conn(&conn);
    execute!(conn, sql, *campaign, JsonText(&openings), denial.why(), now);
    let sql = READY.for_conn(&conn);
    for attempt in fetch_values!(conn, AttemptId, sql, *campaign, JsonText(&openings)) {
        withdraw_one(conn.reborrow(), attempt, denial, timings, now).await?;
    }
    Ok(())
}

/// Somebody may have permitted the country meanwhile. The campaign's row is not locked for that: who is refused at the same time would
/// wait for the whole list.
async fn is_refused(mut conn: Conn<'_>, campaign: CampaignId, number: &PhoneNumber) -> Result<bool, StoreError> {
    const ASK: &str = "SELECT not_permitted FROM campaign WHERE id = $1 AND not_permitted IS NOT NULL";
    let known = fetch_optional!(conn, (JsonText<NotPermitted>,), ASK, campaign);
    Ok(known.is_some_and(|(countries,)| countries.of(number).is_some()))
}

/// How numbers of the same country begin, four digits each: within +1 countries share the calling code and are told apart by
/// the area code. A number of no country stands for its own four digits.
fn openings(number: &PhoneNumber) -> Vec<String> {
    match country_of(number) {
        Some(country) => openings_of(country),
        None => vec![number.opening().to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_all_its_openings_and_no_neighbour() {
        let of = |number: &str| openings(&PhoneNumber::from_e164(number).unwrap());
        let has = |openings: &[String], four: &str| openings.iter().any(|opening| opening == four);
        let united_states = of("+14155550123");
        assert!(["1415", "1212", "1787"].iter().all(|four| has(&united_states, four)), "area codes of one country");
        assert!(["1416", "1876", "4415"].iter().all(|four| !has(&united_states, four)), "Canada, Jamaica, Britain");
        let russia = of("+79261234567");
        assert!(has(&russia, "7926") && !has(&russia, "7710"), "Kazakhstan shares the calling code");
        assert_eq!(of("+4915123456789").len(), 100);
        assert_eq!(of("+88161234567"), ["8816"]);
    }
}
