//! A fault that no redial mends: what it touches stands still until a person has looked.

use crate::domain::dialing::HaltScope;
use crate::domain::ids::CampaignId;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::domain::zone::{country_of, openings_of};
use crate::store::StoreError;
use crate::store::audit::{self, NewAudit};
use crate::store::codec::JsonText;
use crate::store::db::{Conn, EngineSql, engine_sql};
use crate::store::dial::row::AttemptRow;
use crate::store::dial::sql::{execute, fetch_values};

/// Halts the campaign, all running campaigns, or parks the campaign's leads in the country of the refused number.
pub(super) async fn halt(mut conn: Conn<'_>, scope: HaltScope, row: &AttemptRow, why: &str, now: Timestamp) -> Result<(), StoreError> {
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
        HaltScope::Country => park_country(conn, row, why, now).await?,
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

async fn park_country(mut conn: Conn<'_>, row: &AttemptRow, why: &str, now: Timestamp) -> Result<(), StoreError> {
    const PARK: EngineSql = engine_sql!(
        "UPDATE lead SET state = 'parked', wait_reason = $3, updated_at = $4
         WHERE campaign_id = $1 AND state IN ('new', 'waiting') AND substr(phone_number, 2, 4) IN (" (each "$2") ")"
    );
    let (sql, openings) = (PARK.for_conn(&conn), openings(&row.to_number));
    let why = format!("country not permitted: {why}; permit it at the provider, then: callfleet leads retry --parked --campaign NAME");
    execute!(conn, sql, row.campaign_id, JsonText(&openings), why, now);
    Ok(())
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
