//! A country that the provider refused a campaign is tried again with a lead of it: whoever asks for that call has permitted it there.

use crate::domain::ids::{CampaignId, LeadId};
use crate::domain::not_permitted::NotPermitted;
use crate::domain::phone::PhoneNumber;
use crate::store::StoreError;
use crate::store::codec::JsonText;
use crate::store::db::{Conn, EngineSql, engine_sql, on_conn};

/// The campaign of a lead forgets that the lead's country was refused, and no other country. `which` selects campaign and number of
/// the lead `$1`, or nothing when it is not to be called.
pub(super) async fn permit_country(conn: Conn<'_>, lead: LeadId, which: &'static str) -> Result<(), StoreError> {
    // the campaign's row is locked: a country that is refused at the same time is not lost
    const LOCK: &str = "UPDATE campaign SET version = version WHERE id = $1 AND not_permitted IS NOT NULL RETURNING not_permitted";
    const KEEP: EngineSql = engine_sql!("UPDATE campaign SET not_permitted = $2, permitted_at_db = " now " WHERE id = $1");
    let keep = KEEP.for_conn(&conn);
    on_conn!(conn, conn => {
        let asked: Option<(CampaignId, PhoneNumber)> = sqlx::query_as(which).bind(lead).fetch_optional(&mut *conn).await?;
        let Some((campaign, number)) = asked else { return Ok(()) };
        let refused: Option<JsonText<NotPermitted>> = sqlx::query_scalar(LOCK).bind(campaign).fetch_optional(&mut *conn).await?;
        let Some(JsonText(mut countries)) = refused else { return Ok(()) };
        if countries.remove(&number) {
            let left = (!countries.is_empty()).then_some(JsonText(countries));
            sqlx::query(keep).bind(campaign).bind(left).execute(conn).await?;
        }
        Ok(())
    })
}
