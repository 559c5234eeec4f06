//! News at once, where the engine is a server: the row is read, folded in `domain`, and written by one statement that holds only
//! while the row is still the one that was read. No lock is held in between, and no transaction is begun and ended around it:
//! two round trips instead of six, and nobody waits for somebody else's commit.
//!
//! Most news are like that. For what is rare (a call that is adopted or taken back, a verdict for the holder, a row that moved
//! meanwhile) these give `None`: nothing was folded, and the locked way of [`callback`](super::callback) decides.

use sqlx::{FromRow, PgConnection};

use crate::domain::attempt::AttemptState;
use crate::domain::dialing::{Callback, DialRow, Folded, Meeting, fold};
use crate::domain::ids::{AttemptId, CampaignId, JobId, LeadId};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Db, engine_part, on_db};
use crate::store::dial::answer::naming;
use crate::store::dial::callback::{Told, is_noted, nothing_to_do};
use crate::store::dial::row::{AttemptRow, columns, folded};
use crate::store::dial::sql::whole;
use crate::store::finish_job::FinishJob;
use crate::store::{Store, StoreError};

/// An attempt, and which version of its row this is: each change of a row gets an `xmin` of its own.
#[derive(Debug, FromRow)]
pub(super) struct Read {
    #[sqlx(flatten)]
    pub row: AttemptRow,
    pub version: String,
}

const READ: &str = concat!("SELECT ", columns!(), ", CAST(xmin AS TEXT) AS version FROM attempt WHERE id = $1");

macro_rules! inbox {
    () => {
        "inbox AS (INSERT INTO webhook_inbox (provider, dedupe_key, received_at) VALUES ('twilio', $17, $14)
            ON CONFLICT (provider, dedupe_key) DO NOTHING)"
    };
}

/// Locks in the order of the other transactions: attempt, call, lead. No row for a call that was named for another attempt.
macro_rules! seen {
    ($only_if:literal) => {
        concat!(
            "own AS MATERIALIZED (SELECT id FROM attempt WHERE id = $1 AND ", $only_if, " FOR NO KEY UPDATE),
             seen AS (INSERT INTO seen_call (provider, call_sid, attempt_id, send_no, signed, seen_at)
                SELECT 'twilio', $4, id, $15, TRUE, $14 FROM own
                ON CONFLICT (provider, call_sid) DO UPDATE SET signed = TRUE WHERE seen_call.attempt_id = excluded.attempt_id RETURNING 1),
             changed AS (UPDATE attempt SET ", folded!(), engine_part!(postgres now),
            " WHERE id = $1 AND EXISTS (SELECT 1 FROM seen) RETURNING lead_id, campaign_id, to_number)"
        )
    };
}

/// A statement sees the rows as they were before it: the call that is bound here counts on top.
macro_rules! counted {
    () => {
        "counted AS (UPDATE lead SET placed = 1 + (SELECT COUNT(*) FROM attempt other
                WHERE other.lead_id = lead.id AND other.placed_at IS NOT NULL AND other.id <> $1)
            FROM changed WHERE lead.id = changed.lead_id AND $16)
         SELECT lead_id, campaign_id, to_number FROM changed"
    };
}

/// A call's first signed news: whose it is has to be noted, and a call that is bound counts for its lead.
const FIRST: &str = concat!("WITH ", inbox!(), ", ", seen!("CAST(xmin AS TEXT) = $2"), ", ", counted!());

const LATER: &str = concat!(
    "WITH ",
    inbox!(),
    " UPDATE attempt SET ",
    folded!(),
    engine_part!(postgres now),
    " WHERE id = $1 AND CAST(xmin AS TEXT) = $2 RETURNING lead_id, campaign_id, to_number"
);

/// The provider's end: the job that folds the outcome is enqueued with it.
const LAST: &str = concat!(
    "WITH ",
    inbox!(),
    ",
     changed AS (UPDATE attempt SET ",
    folded!(),
    engine_part!(postgres now),
    " WHERE id = $1 AND CAST(xmin AS TEXT) = $2 RETURNING lead_id, campaign_id, to_number),
     rung AS (INSERT INTO job (id, kind, key, payload, state, run_at, max_attempts, created_at, updated_at)
        SELECT $18, $19, $20, $21, 'queued', $14, $22, $14, $14 FROM changed ON CONFLICT (kind, key) DO NOTHING)
     SELECT lead_id, campaign_id, to_number FROM changed"
);

/// The answer to a POST that nobody was faster than: all of the row is known without reading it.
const ANSWER: &str = concat!("WITH ", seen!("state = $2 AND send_no = $15 AND call_sid IS NULL"), ", ", counted!());

#[derive(Debug, FromRow)]
struct Whose {
    lead_id: LeadId,
    campaign_id: CampaignId,
    to_number: PhoneNumber,
}

/// One fold to write.
struct Write<'a> {
    sql: &'static str,
    attempt: AttemptId,
    /// The version of the row, or its state.
    only_if: &'a str,
    folded: &'a Folded,
    send_no: u32,
    dedupe_key: Option<&'a str>,
}

impl Store {
    /// Folds a signed callback; `None` when that has to be done under a lock.
    pub(super) async fn callback_at_once(
        &self,
        attempt: AttemptId,
        news: &Callback,
        dedupe_key: &str,
        now: Timestamp,
    ) -> Result<Option<Told>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(None) };
        on_db!(@read_server server, conn, {
            let Some(Read { row, version }) = Read::of(&mut *conn, attempt).await? else { return Ok(None) };
            let before = row.dial();
            let Some(folded) = common(&before, news, now).filter(|folded| !folded.is_nothing(&before)) else { return Ok(None) };
            let sql = match (is_noted(&row, news), folded.finish) {
                (false, _) => FIRST,
                (true, false) => LATER,
                (true, true) => LAST,
            };
            let write = Write { sql, attempt, only_if: &version, folded: &folded, send_no: news.send_no, dedupe_key: Some(dedupe_key) };
            let rung = sql == LAST;
            Ok(write.run(conn, now).await?.map(|_| Told { rung, ..told(nothing_to_do(&row), &before, &folded) }))
        })
    }

    /// Binds the call that a POST was answered with; `None` when that has to be done under a lock.
    pub(super) async fn answer_at_once(
        &self,
        attempt: AttemptId,
        send_no: u32,
        call_sid: &str,
        now: Timestamp,
    ) -> Result<Option<Told>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(None) };
        let sent = DialRow { state: AttemptState::Sending, send_no, ..DialRow::ready() };
        let news = naming(send_no, call_sid);
        on_db!(@read_server server, conn, {
            let Some(folded) = common(&sent, &news, now) else { return Ok(None) };
            let only_if = AttemptState::Sending.as_str();
            let write = Write { sql: ANSWER, attempt, only_if, folded: &folded, send_no, dedupe_key: None };
            if let Some(Whose { lead_id: lead, campaign_id: campaign, to_number: number }) = write.run(&mut *conn, now).await? {
                return Ok(Some(told(Told::nothing(attempt, lead, campaign, number), &sent, &folded)));
            }
            // a callback was faster: most often it has bound the call, and the answer tells nothing new
            let read = Read::of(conn, attempt).await?.filter(|read| is_noted(&read.row, &news));
            Ok(read.filter(|read| nothing_new(&read.row, &news, now)).map(|read| nothing_to_do(&read.row)))
        })
    }
}

impl Read {
    /// The row as it stands, without a lock.
    pub async fn of(conn: &mut PgConnection, attempt: AttemptId) -> Result<Option<Self>, StoreError> {
        Ok(sqlx::query_as(READ).bind(attempt).fetch_optional(conn).await?)
    }
}

/// The fold, if it changes this row and nothing besides.
fn common(before: &DialRow, news: &Callback, now: Timestamp) -> Option<Folded> {
    let folded = fold(before, news, false, now);
    let common = matches!(folded.meeting, Meeting::Ours | Meeting::Bind) && before.state != AttemptState::Absent;
    (common && folded.answered_by.is_none()).then_some(folded)
}

fn nothing_new(row: &AttemptRow, news: &Callback, now: Timestamp) -> bool {
    let before = row.dial();
    common(&before, news, now).is_some_and(|folded| folded.is_nothing(&before))
}

fn told(nothing: Told, before: &DialRow, folded: &Folded) -> Told {
    let came_to = (folded.row.state != before.state).then_some(folded.row.state);
    Told { finish: folded.finish, came_to, ..nothing }
}

impl Write<'_> {
    /// `None` when the row is not the one that was read.
    async fn run(&self, conn: &mut PgConnection, now: Timestamp) -> Result<Option<Whose>, StoreError> {
        let row = &self.folded.row;
        let query = sqlx::query_as(self.sql).bind(self.attempt).bind(self.only_if).bind(row.state).bind(row.call_sid.as_deref());
        let query = query.bind(row.status).bind(row.sequence).bind(row.sip_code.map(i32::from)).bind(row.answered_by.as_deref());
        let query = query.bind(row.placed_at).bind(row.ringing_at).bind(row.answered_at).bind(row.provider_ended_at);
        let query = query.bind(row.provider_duration_s.map(whole)).bind(now).bind(whole(self.send_no));
        let query = query.bind(self.folded.meeting == Meeting::Bind).bind(self.dedupe_key);
        if self.sql != LAST {
            return Ok(query.fetch_optional(conn).await?);
        }
        let job = FinishJob::of(self.attempt);
        let row = job.row(now);
        let query = query.bind(JobId::new()).bind(row.kind).bind(row.key).bind(row.payload).bind(whole(row.max_attempts));
        Ok(query.fetch_optional(conn).await?)
    }
}
