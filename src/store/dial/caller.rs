//! How the campaign's numbers were used: the rows behind the choice of the number a callee sees.

use std::time::Duration;

use crate::domain::caller::{self, CallerChoice, CallerUse};
use crate::domain::campaign::CampaignSettings;
use crate::domain::ids::AttemptId;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::db::Conn;
use crate::store::dial::sql::{fetch_value, fetch_values};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The numbers whose calls this callee's network has labelled as spam.
pub(super) async fn rejected(mut conn: Conn<'_>, callee: &PhoneNumber) -> Result<Vec<PhoneNumber>, StoreError> {
    let sql = "SELECT DISTINCT from_number FROM attempt WHERE to_number = $1 AND reason = 'spam_labelled'";
    Ok(fetch_values!(conn, PhoneNumber, sql, callee.clone()))
}

/// Chooses among `pool`. `own` is an attempt whose own call must not count.
pub(super) async fn choose(
    mut conn: Conn<'_>,
    pool: &[PhoneNumber],
    callee: &PhoneNumber,
    rejected: &[PhoneNumber],
    own: Option<AttemptId>,
    settings: &CampaignSettings,
    now: Timestamp,
) -> Result<CallerChoice, StoreError> {
    let mut uses = Vec::with_capacity(pool.len());
    for number in pool {
        // with one number there is nothing to take turns with
        let last_used = if pool.len() > 1 { last_used(conn.reborrow(), number).await? } else { None };
        let worn_out_until = match settings.calls_per_caller {
            Some(most) => worn_out_until(conn.reborrow(), number, most, own, now).await?,
            None => None,
        };
        uses.push(CallerUse { number: number.clone(), rejected: rejected.contains(number), last_used, worn_out_until });
    }
    Ok(caller::choose(&uses, callee, settings.local_presence))
}

async fn last_used(mut conn: Conn<'_>, number: &PhoneNumber) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT MAX(created_at) FROM attempt WHERE from_number = $1";
    Ok(fetch_value!(conn, Option<Timestamp>, sql, number.clone()))
}

/// When the call that used up the cap is a day old. Calls that are under way count; those that never began do not.
async fn worn_out_until(
    mut conn: Conn<'_>,
    number: &PhoneNumber,
    most: u32,
    own: Option<AttemptId>,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT created_at FROM attempt WHERE from_number = $1 AND created_at > $2 AND id <> $3
                 AND (placed_at IS NOT NULL OR state IN ('ready', 'sending', 'unknown', 'refused'))
               ORDER BY created_at DESC LIMIT 1 OFFSET $4";
    let own = own.unwrap_or(AttemptId(uuid::Uuid::nil()));
    let found = fetch_values!(conn, Timestamp, sql, number.clone(), now - DAY, own, i64::from(most.saturating_sub(1)));
    Ok(found.first().map(|began| *began + DAY))
}
