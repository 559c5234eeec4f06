//! The classes of a campaign's leads by calling hours: written with the leads, read by the dispatcher at every tick.

use std::collections::HashMap;

use crate::domain::hours_class::HoursClass;
use crate::domain::ids::CampaignId;
use crate::store::codec::JsonText;
use crate::store::db::{Conn, on_conn, on_db};
use crate::store::{Store, StoreError};

/// Writes down the classes of new leads, in the transaction that stores the leads.
pub(crate) async fn keep(mut conn: Conn<'_>, campaign: CampaignId, classes: impl Iterator<Item = HoursClass>) -> Result<(), StoreError> {
    const KEEP: &str = "INSERT INTO hours_class (campaign_id, class, zones, laws) VALUES ($1, $2, $3, $4)
         ON CONFLICT (campaign_id, class) DO NOTHING";
    let mut different: Vec<HoursClass> = classes.map(|class| (class.id, class)).collect::<HashMap<_, _>>().into_values().collect();
    // two imports take the rows' locks in one order
    different.sort_unstable_by_key(|class| class.id);
    for class in different {
        on_conn!(conn.reborrow(), conn => {
            sqlx::query(KEEP).bind(campaign).bind(class.id).bind(JsonText(&class.zones)).bind(&class.laws).execute(conn).await?;
        });
    }
    Ok(())
}

impl Store {
    /// The classes of a campaign's leads.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn hours_classes(&self, campaign: CampaignId) -> Result<Vec<HoursClass>, StoreError> {
        let rows: Vec<(i64, JsonText<Vec<String>>, String)> = on_db!(self.db, read, conn => {
            let sql = "SELECT class, zones, laws FROM hours_class WHERE campaign_id = $1 ORDER BY class";
            Ok(sqlx::query_as(sql).bind(campaign).fetch_all(conn).await?)
        })?;
        Ok(rows.into_iter().map(|(id, zones, laws)| HoursClass { id, zones: zones.0, laws }).collect())
    }

    /// Leads still to call by class.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn hours_class_counts(&self, campaign: CampaignId) -> Result<Vec<(i64, i64)>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT hours_class, COUNT(*) FROM lead WHERE campaign_id = $1 AND state IN ('new', 'waiting') GROUP BY hours_class";
            Ok(sqlx::query_as(sql).bind(campaign).fetch_all(conn).await?)
        })
    }
}
