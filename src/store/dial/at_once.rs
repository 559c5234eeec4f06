//! News at once, where the engine is a server: the row is read, folded in `domain`, and written by a statement that writes it only
//! while it is still the one that was read. No lock is held in between, and no transaction is begun and ended around it; calls
//! whose news come in the same moment are read and written together.
//!
//! Most news are like that. For what is rare (a call that is adopted or taken back, a verdict for the holder, a row that keeps
//! moving) these give `None`: nothing was folded, and the locked way of [`callback`](super::callback) decides.

use sqlx::FromRow;
use uuid::Uuid;

use crate::domain::attempt::AttemptState;
use crate::domain::dialing::{Callback, DialRow, Folded, Meeting, fold};
use crate::domain::ids::AttemptId;
use crate::domain::time::Timestamp;
use crate::store::db::{Db, on_db};
use crate::store::dial::answer::naming;
use crate::store::dial::callback::{Told, nothing_to_do};
use crate::store::dial::row::{AttemptRow, columns};
use crate::store::dial::sql::among;
use crate::store::dial::write_news::{Change, OnlyIf};
use crate::store::{Store, StoreError};

/// An attempt, and which version of its row this is: each change of a row gets an `xmin` of its own.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Read {
    #[sqlx(flatten)]
    pub row: AttemptRow,
    pub version: String,
    /// The bound call was named for this attempt by a signed message, or by the answer to its POST.
    pub noted: bool,
}

/// A value, not `EXISTS`, which a planner may answer by reading all of `seen_call` once.
pub(super) const READ: &str = concat!(
    "SELECT ",
    columns!(),
    ", CAST(xmin AS TEXT) AS version,
     COALESCE((SELECT seen.signed FROM seen_call seen
        WHERE seen.provider = 'twilio' AND seen.call_sid = attempt.call_sid AND seen.attempt_id = attempt.id), FALSE) AS noted
     FROM attempt WHERE id",
    among!()
);

/// The POST's answer and the first callback often meet; whoever comes second reads what the other one wrote.
const TRIES: u32 = 2;

impl Store {
    /// Folds a signed callback; `None` when that has to be done under a lock.
    pub(super) async fn callback_at_once(&self, attempt: AttemptId, news: &Callback, now: Timestamp) -> Result<Option<Told>, StoreError> {
        // who answered is told to whoever holds the call, under a lock: nobody waits for a round first
        if news.status.is_none() && news.answered_by.is_some() {
            return Ok(None);
        }
        for _ in 0..TRIES {
            let Some(Read { row, version, noted }) = self.as_it_stands(attempt).await? else { return Ok(None) };
            let before = row.dial();
            let Some(folded) = common(&before, news, now) else { return Ok(None) };
            if noted && folded.is_nothing(&before) {
                return Ok(Some(nothing_to_do(&row)));
            }
            let change = Change::of(attempt, OnlyIf::Version(version), &folded, noted, now);
            if self.written(change).await?.is_some() {
                let rung = folded.finish;
                return Ok(Some(Told { rung, ..told(nothing_to_do(&row), &before, &folded) }));
            }
        }
        Ok(None)
    }

    /// Binds the call that a POST was answered with; `None` when that has to be done under a lock.
    pub(super) async fn answer_at_once(
        &self,
        attempt: AttemptId,
        send_no: u32,
        call_sid: &str,
        now: Timestamp,
    ) -> Result<Option<Told>, StoreError> {
        let sent = DialRow { state: AttemptState::Sending, send_no, ..DialRow::ready() };
        let news = naming(send_no, call_sid);
        let Some(folded) = common(&sent, &news, now) else { return Ok(None) };
        // what nobody was faster than: all of the row is known without reading it
        let change = Change::of(attempt, OnlyIf::Sending, &folded, false, now);
        if let Some(whose) = self.written(change).await? {
            return Ok(Some(told(Told::nothing(attempt, whose.lead_id, whose.campaign_id, whose.to_number), &sent, &folded)));
        }
        // a callback was faster: most often it has bound the call, and the answer tells nothing new
        let read = self.as_it_stands(attempt).await?.filter(|read| read.noted);
        Ok(read.filter(|read| nothing_new(&read.row, &news, now)).map(|read| nothing_to_do(&read.row)))
    }

    /// The row without a lock, read together with those that others ask for.
    async fn as_it_stands(&self, attempt: AttemptId) -> Result<Option<Read>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(None) };
        let read = self.rounds.reads.ask_server(server, attempt, async |asked| self.read_all(asked).await);
        Ok(read.await?.flatten())
    }

    /// In the order of the question.
    async fn read_all(&self, asked: Vec<AttemptId>) -> Result<Vec<Option<Read>>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(Vec::new()) };
        let ids: Vec<Uuid> = asked.iter().map(|attempt| attempt.0).collect();
        let found: Result<Vec<Read>, StoreError> =
            on_db!(@read_server server, conn, Ok(sqlx::query_as(READ).bind(ids).fetch_all(conn).await?));
        let found = found?;
        Ok(asked.iter().map(|attempt| found.iter().find(|read| read.row.id == *attempt).cloned()).collect())
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
