//! The reading of a list, piece by piece: begun, added to, ended.
//!
//! Of two that read the same list at once the first to end has it; the other one is refused, and takes nothing of it away.

use serde::Serialize;

use super::{DncList, LAST, MOMENT, Standing, hold_lists, scope};
use crate::domain::dialing::DialTimings;
use crate::domain::ids::AttemptId;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::audit::{self, NewAudit};
use crate::store::codec::{JsonText, count};
use crate::store::db::{Conn, EngineSql, engine_sql, on_conn, on_db};
use crate::store::dial::withdraw::withdraw_suppressed;
use crate::store::suppression::SuppressionSource;
use crate::store::{Store, StoreError};

/// A list that is being read.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Its numbers bear this moment, a later one than every number that was there.
    began: Timestamp,
    /// The complete list that it replaces, by its own moment.
    replaces: Option<Timestamp>,
    /// Numbers that were added so far, each of them counted once.
    added: u64,
    /// Numbers of it that bear the moment of a later reading, which had added them first. One that the later reading took over, and that
    /// comes again in this file, is taken for such a one.
    shared: u64,
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

impl Store {
    /// Begins to read a list; nothing is written yet.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn begin_listing(&self, list: &str, now: Timestamp) -> Result<Listing, StoreError> {
        let scope = scope(list);
        on_db!(self.db, read, conn => {
            let replaces: Option<Timestamp> =
                sqlx::query_scalar("SELECT imported_at FROM dnc_list WHERE name = $1").bind(list).fetch_optional(&mut *conn).await?;
            let last: Option<Timestamp> = sqlx::query_scalar(LAST).bind(&scope).fetch_one(conn).await?;
            // one moment is left free between the two, for a list that is dated and whose former numbers are still there
            let began = last.max(replaces).map_or(now, |last| now.max(last + MOMENT * 2));
            Ok(Listing { began, replaces, added: 0, shared: 0 })
        })
    }

    /// Adds numbers to a list that is being read, and takes them off every list of leads. `None` when the list was changed since
    /// the reading began: another one ended first, or it was removed.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn add_listed(
        &self,
        list: &str,
        numbers: &[PhoneNumber],
        listing: &mut Listing,
        timings: &DialTimings,
        now: Timestamp,
    ) -> Result<Option<TakenOff>, StoreError> {
        // a number that a later reading has added belongs to that one
        const ADD: EngineSql = engine_sql!(
            "INSERT INTO suppression (phone_number, scope, source, created_at) SELECT listed.*, $2, $3, $4 FROM (" (each "$1")
            ") AS listed WHERE TRUE ON CONFLICT (phone_number, scope) DO UPDATE SET created_at = excluded.created_at
               WHERE suppression.created_at < excluded.created_at"
        );
        let (sql, scope, reading) = (ADD.on(&self.db), scope(list), &*listing);
        let done = on_db!(self.db, write, tx => {
            if !is_unchanged((&mut *tx).into(), list, reading).await? {
                return Ok(None);
            }
            let query = sqlx::query(sql).bind(JsonText(numbers)).bind(&scope).bind(SuppressionSource::List);
            let added = query.bind(reading.began).execute(&mut *tx).await?.rows_affected();
            let all_are_new = added == numbers.len() as u64;
            let shared = if all_are_new { 0 } else { shared((&mut *tx).into(), &scope, numbers, reading.began).await? };
            Ok(Some((added, shared, take_off(tx.into(), numbers, timings, now).await?)))
        })?;
        let Some((added, shared, taken_off)) = done else { return Ok(None) };
        (listing.added, listing.shared) = (listing.added + added, listing.shared + shared);
        Ok(Some(taken_off))
    }

    /// Ends the reading of a list: its date is kept, then what is not on it any more is dropped. `None` when the list was changed
    /// since the reading began; it stays as it is then.
    ///
    /// # Errors
    /// The database cannot be written; the list has more numbers than it should then, and they show as those of an unfinished one.
    pub async fn finish_listing(
        &self,
        list: ReadList<'_>,
        listing: &Listing,
        actor: &str,
        now: Timestamp,
    ) -> Result<Option<DncList>, StoreError> {
        // dated first: who dropped first could take numbers from a list that is complete by now
        let Some(kept) = self.date_list(list, listing, actor, now).await? else { return Ok(None) };
        while self.drop_listed(list.name, listing.began, Standing::Complete).await? > 0 {}
        on_db!(self.db, statement, conn => {
            let done = sqlx::query("UPDATE dnc_list SET imported_at = $3 WHERE name = $1 AND imported_at = $2");
            done.bind(list.name).bind(kept.imported_at).bind(listing.began).execute(conn).await?;
            Ok(())
        })?;
        Ok(Some(DncList { imported_at: listing.began, ..kept }))
    }

    /// Keeps the date of a list of which all numbers are in, and a moment before its own: until its former numbers are gone it
    /// shows as unfinished.
    pub(in crate::store) async fn date_list(
        &self,
        list: ReadList<'_>,
        listing: &Listing,
        actor: &str,
        now: Timestamp,
    ) -> Result<Option<DncList>, StoreError> {
        const THERE: &str = "SELECT COUNT(*) FROM suppression WHERE source = 'list' AND scope = $1 AND created_at >= $2";
        // where two read a list that nobody had, neither finds one to hold until the first has written it
        const KEEP: &str = "INSERT INTO dnc_list (name, scrub_date, numbers, imported_at, registry) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (name) DO UPDATE SET scrub_date = excluded.scrub_date, numbers = excluded.numbers,
               imported_at = excluded.imported_at, registry = COALESCE(excluded.registry, dnc_list.registry)
             WHERE dnc_list.imported_at = $6 RETURNING *";
        let ReadList { name, registry, scrub_date } = list;
        let (scope, until_dropped) = (scope(name), listing.began - MOMENT);
        on_db!(self.db, write, tx => {
            hold_lists((&mut *tx).into()).await?;
            if !is_unchanged((&mut *tx).into(), name, listing).await? {
                return Ok(None);
            }
            let there: i64 = sqlx::query_scalar(THERE).bind(&scope).bind(listing.began).fetch_one(&mut *tx).await?;
            // some were removed, with what nobody could know to be still read
            if count(there) < listing.added {
                return Ok(None);
            }
            // of those that are there some may be a later reading's alone
            let numbers = i64::try_from(listing.added + listing.shared).unwrap_or(i64::MAX).min(there);
            let row = sqlx::query_as(KEEP).bind(name).bind(scrub_date).bind(numbers).bind(until_dropped).bind(registry);
            let kept: Option<DncList> = row.bind(listing.replaces).fetch_optional(&mut *tx).await?;
            if kept.is_some() {
                let (subject, detail) = (format!("dnc/{name}"), format!("{numbers} numbers, written on {scrub_date}"));
                audit::append(tx.into(), NewAudit { actor, action: "dnc.import", subject: &subject, detail: &detail }, now).await?;
            }
            Ok(kept)
        })
    }
}

/// Whether the complete list is the one that this reading replaces. Until the end of the transaction it stays so.
async fn is_unchanged(conn: Conn<'_>, list: &str, listing: &Listing) -> Result<bool, StoreError> {
    const CURRENT: EngineSql = engine_sql!("SELECT imported_at FROM dnc_list WHERE name = $1" for_update);
    let sql = CURRENT.for_conn(&conn);
    let current: Option<Timestamp> = on_conn!(conn, conn => sqlx::query_scalar(sql).bind(list).fetch_optional(conn).await?);
    Ok(current == listing.replaces)
}

/// How many of these numbers bear the moment of a reading that began later.
async fn shared(conn: Conn<'_>, scope: &str, numbers: &[PhoneNumber], began: Timestamp) -> Result<u64, StoreError> {
    const SHARED: EngineSql =
        engine_sql!("SELECT COUNT(*) FROM suppression WHERE scope = $2 AND created_at > $3 AND phone_number " (among "$1"));
    let sql = SHARED.for_conn(&conn);
    let shared: i64 =
        on_conn!(conn, conn => sqlx::query_scalar(sql).bind(JsonText(numbers)).bind(scope).bind(began).fetch_one(conn).await?);
    Ok(count(shared))
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
