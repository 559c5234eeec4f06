//! A fault that no redial mends: what it touches stands still until a person has looked.

use crate::domain::dialing::{DialTimings, HaltScope};
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::not_permitted::NotPermitted;
use crate::domain::permit::Denial;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::domain::zone::{country_of, openings_of};
use crate::store::StoreError;
use crate::store::audit::{self, NewAudit};
use crate::store::codec::JsonText;
use crate::store::db::{Conn, EngineSql, engine_sql};
use crate::store::dial::row::AttemptRow;
use crate::store::dial::sql::{execute, fetch_one, fetch_values};
use crate::store::dial::withdraw::withdraw_one;

/// Halts the campaign, all running campaigns, or parks the campaign's leads in the country of the refused number.
pub(super) async fn halt(
    mut conn: Conn<'_>,
    scope: HaltScope,
    row: &AttemptRow,
    why: &str,
    timings: &DialTimings,
    now: Timestamp,
) -> Result<(), StoreError> {
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
        HaltScope::Country => park_country(conn, row, why, timings, now).await?,
    }
    Ok(())
}

async fn halt_campaign(mut conn: Conn<'_>, id: CampaignId, why: &str, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE campaign SET state = 'halted', state_reason = $2 WHERE id = $1 AND state IN ('running', 'draining')";
    if execute!(conn, sql, id, why) == 1 {
        let (subject, detail) = (format!("campaign/{id}"), format!("to halted: {why}"));
        audit::append(conn, NewAudit { actor: "dialer", action: "campaign.state", subject: &subject, detail: &detail }, now).await?;
    }
    Ok(())
}

/// What waits is parked, what is armed is given back and parked with it, and the campaign remembers the country for leads that come
/// later. All of them have one text.
async fn park_country(mut conn: Conn<'_>, row: &AttemptRow, why: &str, timings: &DialTimings, now: Timestamp) -> Result<(), StoreError> {
    // the lead that was refused is parked already
    const PARK: EngineSql = engine_sql!(
        "UPDATE lead SET state = 'parked', wait_reason = $3, updated_at = $4
         WHERE campaign_id = $1 AND (state IN ('new', 'waiting') OR state = 'parked' AND id = $5)
           AND substr(phone_number, 2, 4) IN (" (each "$2") ")"
    );
    const READY: EngineSql = engine_sql!(
        "SELECT id FROM attempt WHERE campaign_id = $1 AND state = 'ready' AND substr(to_number, 2, 4) IN (" (each "$2") ") ORDER BY id"
    );
    let denial = remember(conn.reborrow(), row, why).await?;
    let openings = openings(&row.to_number);
    let sql = PARK.for_conn(&conn);
    execute!(conn, sql, row.campaign_id, JsonText(&openings), denial.why(), now, row.lead_id);
    let sql = READY.for_conn(&conn);
    for attempt in fetch_values!(conn, AttemptId, sql, row.campaign_id, JsonText(&openings)) {
        withdraw_one(conn.reborrow(), attempt, &denial, timings, now).await?;
    }
    Ok(())
}

/// Writes the country into the campaign. The first statement locks its row: who is refused at the same time comes after this one.
async fn remember(mut conn: Conn<'_>, row: &AttemptRow, why: &str) -> Result<Denial, StoreError> {
    const LOCK: &str = "UPDATE campaign SET version = version WHERE id = $1 RETURNING name, not_permitted";
    let (name, known) = fetch_one!(conn, (String, Option<JsonText<NotPermitted>>), LOCK, row.campaign_id);
    let mut countries = known.unwrap_or_default().0;
    let denial = countries.add(&row.to_number, &name, why).denial();
    execute!(conn, "UPDATE campaign SET not_permitted = $2 WHERE id = $1", row.campaign_id, JsonText(&countries));
    Ok(denial)
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
