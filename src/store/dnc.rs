//! Do-not-call lists by name: millions of numbers, replaced as a whole when a newer one comes.
//!
//! A list's numbers are suppressed everywhere under the scope `list:NAME`. While a list is read, its numbers are added; only
//! when all are in, those that are not on it any more are dropped and its date moves. Cut off, it has more numbers than it
//! should and its old date: nobody is called who should not be.

use serde::Serialize;
use sqlx::FromRow;

use crate::domain::dialing::DialTimings;
use crate::domain::dnc::ListDate;
use crate::domain::ids::AttemptId;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::audit::{self, NewAudit};
use crate::store::codec::JsonText;
use crate::store::db::{Conn, EngineSql, engine_sql, on_conn, on_db};
use crate::store::dial::withdraw::withdraw_suppressed;
use crate::store::suppression::SuppressionSource;
use crate::store::{Store, StoreError};

/// Numbers of one transaction when a list shrinks.
const PAGE: i64 = 10_000;

/// A list.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct DncList {
    /// Its name.
    pub name: String,
    /// The registry it comes from, by the jurisdiction that keeps it.
    pub registry: Option<String>,
    /// The day on which its publisher wrote it, `YYYY-MM-DD`.
    pub scrub_date: String,
    /// How many numbers are on it.
    pub numbers: i64,
    /// When it was read.
    pub imported_at: Timestamp,
}

impl DncList {
    /// What decides about its age.
    #[must_use]
    pub fn date(&self) -> ListDate {
        ListDate { name: self.name.clone(), registry: self.registry.clone(), scrub_date: self.scrub_date.clone() }
    }
}

/// A list that has been read.
#[derive(Debug, Clone, Copy)]
pub struct ReadList<'a> {
    /// Its name.
    pub name: &'a str,
    /// The registry it comes from; the one it came from before when nobody says.
    pub registry: Option<&'a str>,
    /// The day on which its publisher wrote it, `YYYY-MM-DD`.
    pub scrub_date: &'a str,
}

/// What adding numbers did to leads and attempts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TakenOff {
    /// Leads that were waiting and will not be called.
    pub leads: u64,
    /// Calls that were about to be sent and will not be.
    pub withdrawn: u64,
}

impl std::ops::AddAssign for TakenOff {
    fn add_assign(&mut self, other: Self) {
        self.leads += other.leads;
        self.withdrawn += other.withdrawn;
    }
}

fn scope(list: &str) -> String {
    format!("list:{list}")
}

impl Store {
    /// Adds numbers to a list that is being read since `began`, and takes them off every list of leads.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn add_listed(
        &self,
        list: &str,
        numbers: &[PhoneNumber],
        began: Timestamp,
        timings: &DialTimings,
        now: Timestamp,
    ) -> Result<TakenOff, StoreError> {
        const ADD: EngineSql = engine_sql!(
            "INSERT INTO suppression (phone_number, scope, source, created_at) SELECT listed.*, $2, $3, $4 FROM (" (each "$1")
            ") AS listed WHERE TRUE ON CONFLICT (phone_number, scope) DO UPDATE SET created_at = excluded.created_at"
        );
        let sql = ADD.on(&self.db);
        on_db!(self.db, write, tx => {
            let query = sqlx::query(sql).bind(JsonText(numbers)).bind(scope(list)).bind(SuppressionSource::List);
            query.bind(began).execute(&mut *tx).await?;
            take_off(tx.into(), numbers, timings, now).await
        })
    }

    /// Ends the reading of a list: what is not on it any more is dropped, and its date is kept.
    ///
    /// # Errors
    /// The database cannot be written; the list keeps its old date then.
    pub async fn finish_listing(&self, list: ReadList<'_>, began: Timestamp, actor: &str, now: Timestamp) -> Result<DncList, StoreError> {
        let ReadList { name, registry, scrub_date } = list;
        while self.drop_listed(name, began).await? > 0 {}
        let scope = scope(name);
        on_db!(self.db, write, tx => {
            let numbers: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM suppression WHERE scope = $1 AND source = 'list'")
                .bind(&scope).fetch_one(&mut *tx).await?;
            let kept: DncList = sqlx::query_as(
                "INSERT INTO dnc_list (name, scrub_date, numbers, imported_at, registry) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (name) DO UPDATE SET scrub_date = excluded.scrub_date, numbers = excluded.numbers,
                   imported_at = excluded.imported_at, registry = COALESCE(excluded.registry, dnc_list.registry) RETURNING *",
            )
            .bind(name).bind(scrub_date).bind(numbers).bind(now).bind(registry).fetch_one(&mut *tx).await?;
            let (subject, detail) = (format!("dnc/{name}"), format!("{numbers} numbers, written on {scrub_date}"));
            audit::append(tx.into(), NewAudit { actor, action: "dnc.import", subject: &subject, detail: &detail }, now).await?;
            Ok(kept)
        })
    }

    /// Forgets a list and its numbers; false when there is none of this name.
    ///
    /// # Errors
    /// The database cannot be written; asked again, the rest goes.
    pub async fn remove_dnc_list(&self, list: &str, actor: &str, reason: &str, now: Timestamp) -> Result<bool, StoreError> {
        let later = Timestamp::from_millis(i64::MAX);
        if !self.dnc_lists().await?.iter().any(|known| known.name == list) {
            return Ok(false);
        }
        while self.drop_listed(list, later).await? > 0 {}
        on_db!(self.db, write, tx => {
            sqlx::query("DELETE FROM dnc_list WHERE name = $1").bind(list).execute(&mut *tx).await?;
            let subject = format!("dnc/{list}");
            audit::append(tx.into(), NewAudit { actor, action: "dnc.remove", subject: &subject, detail: reason }, now).await?;
            Ok(true)
        })
    }

    /// The lists by name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dnc_lists(&self) -> Result<Vec<DncList>, StoreError> {
        on_db!(self.db, read, conn => Ok(sqlx::query_as("SELECT * FROM dnc_list ORDER BY name").fetch_all(conn).await?))
    }

    /// Drops some of the numbers of a list that were added before a moment; how many.
    async fn drop_listed(&self, list: &str, before: Timestamp) -> Result<u64, StoreError> {
        const DROP: &str = "DELETE FROM suppression WHERE scope = $1 AND phone_number IN (
             SELECT phone_number FROM suppression WHERE source = 'list' AND scope = $1 AND created_at < $2 LIMIT $3)";
        let scope = scope(list);
        on_db!(self.db, write, tx => {
            Ok(sqlx::query(DROP).bind(scope).bind(before).bind(PAGE).execute(tx).await?.rows_affected())
        })
    }
}

/// The lists, as far as their age decides.
pub(crate) async fn list_dates(conn: Conn<'_>) -> Result<Vec<ListDate>, StoreError> {
    let rows: Vec<DncList> = on_conn!(conn, conn => sqlx::query_as("SELECT * FROM dnc_list ORDER BY name").fetch_all(conn).await?);
    Ok(rows.iter().map(DncList::date).collect())
}

/// Takes numbers off every list of leads, and back what was about to be sent to them.
async fn take_off(mut conn: Conn<'_>, numbers: &[PhoneNumber], timings: &DialTimings, now: Timestamp) -> Result<TakenOff, StoreError> {
    const ARMED: EngineSql = engine_sql!("SELECT id FROM attempt WHERE state = 'ready' AND to_number IN (" (each "$1") ") ORDER BY id");
    const LEADS: EngineSql = engine_sql!(
        "UPDATE lead SET state = 'suppressed', disposition = 'dnc', wait_reason = NULL, updated_at = $2
         WHERE state IN ('new', 'waiting') AND phone_number IN (" (each "$1") ")"
    );
    let (armed_sql, leads_sql) = (ARMED.for_conn(&conn), LEADS.for_conn(&conn));
    let armed: Vec<AttemptId> =
        on_conn!(conn.reborrow(), conn => sqlx::query_scalar(armed_sql).bind(JsonText(numbers)).fetch_all(conn).await?);
    let withdrawn = withdraw_suppressed(conn.reborrow(), &armed, timings, now).await?;
    let leads = on_conn!(conn, conn => sqlx::query(leads_sql).bind(JsonText(numbers)).bind(now).execute(conn).await?.rows_affected());
    Ok(TakenOff { leads, withdrawn })
}

/// How many numbers each source but the lists has suppressed.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct SourceCount {
    /// Who said so.
    pub source: SuppressionSource,
    /// How many.
    pub numbers: i64,
}

impl Store {
    /// Numbers that are suppressed without a list, by source.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn suppressed_by_source(&self) -> Result<Vec<SourceCount>, StoreError> {
        on_db!(self.db, read, conn => {
            let rows = "SELECT source, COUNT(*) AS numbers FROM suppression WHERE source <> 'list' GROUP BY source ORDER BY source";
            Ok(sqlx::query_as(rows).fetch_all(conn).await?)
        })
    }
}
