//! A fault that no redial mends: what it touches stands still until a person has looked.

use crate::domain::dialing::HaltScope;
use crate::domain::ids::CampaignId;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::audit::{self, NewAudit};
use crate::store::db::Conn;
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
    execute!(
        conn,
        "UPDATE lead SET state = 'parked', wait_reason = $3, updated_at = $4
         WHERE campaign_id = $1 AND state IN ('new', 'waiting') AND phone_number LIKE $2",
        row.campaign_id,
        format!("{}%", country_prefix(&row.to_number)),
        format!("country not permitted: {why}"),
        now
    );
    Ok(())
}

/// The digits that stand for the country: the calling code, and within +1 the area code too, since the United States,
/// Canada and the Caribbean share it and are permitted one by one.
fn country_prefix(number: &PhoneNumber) -> &str {
    let digits = number.e164();
    let length = match digits.get(1..3) {
        Some(two) if two.starts_with('1') => 5,
        Some(two) if two.starts_with('7') => 2,
        Some(two) if TWO_DIGIT_CODES.split_whitespace().any(|code| code == two) => 3,
        _ => 4,
    };
    &digits[..length.min(digits.len())]
}

/// Calling codes of two digits (ITU-T E.164, list of assigned country codes); all others but +1 and +7 have three.
const TWO_DIGIT_CODES: &str = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 \
                               86 90 91 92 93 94 95 98";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_told_apart_by_their_calling_code() {
        let table = [
            ("+14155550123", "+1415"),
            ("+79261234567", "+7"),
            ("+4915123456789", "+49"),
            ("+353871234567", "+353"),
            ("+919876543210", "+91"),
        ];
        for (number, prefix) in table {
            assert_eq!(country_prefix(&PhoneNumber::from_e164(number).unwrap()), prefix);
        }
    }
}
