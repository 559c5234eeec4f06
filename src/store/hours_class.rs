//! The classes of a campaign's leads by calling hours: written with the leads, read by the dispatcher at every tick.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use sqlx::FromRow;

use crate::domain::hours_class::HoursClass;
use crate::domain::ids::CampaignId;
use crate::domain::time::Timestamp;
use crate::store::codec::JsonText;
use crate::store::db::{Conn, on_conn, on_db};
use crate::store::lead_insert::ListLead;
use crate::store::{Store, StoreError};

/// The leads still to call of a class whose numbers begin alike.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ClassDue {
    /// Which class.
    pub class: i64,
    /// The first four digits of their numbers, which tell the country.
    pub opening: String,
    /// All of them.
    pub leads: i64,
    /// Of those, due now.
    pub due: i64,
    /// When the first of the others is due.
    pub next_at: Option<Timestamp>,
}

/// `+` and four digits tell the country, and in North America the area; every number has at least eight.
const COUNTRY_AND_AREA: usize = 5;

/// The class of each lead, and every class once. What decides a class (the digits that tell country and area, the states, the
/// zones) comes again and again in a list, so it is worked out once.
pub(crate) fn sort(leads: &[ListLead]) -> Result<(Vec<i64>, Vec<HoursClass>), StoreError> {
    let (mut known, mut classes) = (HashMap::new(), HashMap::new());
    let mut ids = Vec::with_capacity(leads.len());
    for lead in leads {
        let (number, states, zones) = (&lead.phone_number, lead.states.as_slice(), lead.zones.as_str());
        let id = match known.entry((&number.e164()[..COUNTRY_AND_AREA], states, zones)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let unreadable = |source| StoreError::Unreadable { what: "zones of a new lead".to_owned(), source };
                let zones: Vec<String> = serde_json::from_str(zones).map_err(unreadable)?;
                let class = HoursClass::of(number, states, &zones);
                let id = *new.insert(class.id);
                classes.insert(id, class);
                id
            }
        };
        ids.push(id);
    }
    Ok((ids, classes.into_values().collect()))
}

/// Writes down the classes of new leads, in the transaction that stores the leads. A list has few of them and most are known
/// after its first rows, so the known ones are asked for at once.
pub(crate) async fn keep(mut conn: Conn<'_>, campaign: CampaignId, mut classes: Vec<HoursClass>) -> Result<(), StoreError> {
    const KNOWN: &str = "SELECT class FROM hours_class WHERE campaign_id = $1";
    const KEEP: &str = "INSERT INTO hours_class (campaign_id, class, zones, laws) VALUES ($1, $2, $3, $4)
         ON CONFLICT (campaign_id, class) DO NOTHING";
    let known: HashSet<i64> = on_conn!(conn.reborrow(), conn => {
        sqlx::query_scalar(KNOWN).bind(campaign).fetch_all(conn).await?.into_iter().collect()
    });
    classes.retain(|class| !known.contains(&class.id));
    // two imports take the rows' locks in one order
    classes.sort_unstable_by_key(|class| class.id);
    for class in classes {
        on_conn!(conn.reborrow(), conn => {
            sqlx::query(KEEP).bind(campaign).bind(class.id).bind(JsonText(&class.zones)).bind(&class.laws).execute(conn).await?;
        });
    }
    Ok(())
}

impl Store {
    /// The classes of a campaign's leads, and the one of leads that are not sorted.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn hours_classes(&self, campaign: CampaignId) -> Result<Vec<HoursClass>, StoreError> {
        let rows: Vec<(i64, JsonText<Vec<String>>, String)> = on_db!(self.db, read, conn => {
            let sql = "SELECT class, zones, laws FROM hours_class WHERE campaign_id = $1 ORDER BY class";
            Ok(sqlx::query_as(sql).bind(campaign).fetch_all(conn).await?)
        })?;
        let sorted = rows.into_iter().map(|(id, zones, laws)| HoursClass { id, zones: zones.0, laws });
        Ok(sorted.chain([HoursClass::unsorted()]).collect())
    }

    /// Leads still to call by class and by how their numbers begin, and how many of them are due; of a campaign that drains those that wait for a promised callback.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn due_by_hours_class(&self, campaign: CampaignId, draining: bool, now: Timestamp) -> Result<Vec<ClassDue>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT hours_class AS class, substr(phone_number, 2, 4) AS opening, COUNT(*) AS leads,
                   COUNT(CASE WHEN next_attempt_at <= $2 THEN 1 END) AS due,
                   MIN(CASE WHEN next_attempt_at > $2 THEN next_attempt_at END) AS next_at
                 FROM lead WHERE campaign_id = $1 AND state IN ('new', 'waiting') AND (next_kind = 'callback' OR NOT $3)
                 GROUP BY hours_class, substr(phone_number, 2, 4)";
            Ok(sqlx::query_as(sql).bind(campaign).bind(now).bind(draining).fetch_all(conn).await?)
        })
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
