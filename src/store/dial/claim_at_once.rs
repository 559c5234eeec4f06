//! The claim at once, where the engine is a server: decided on rows as they were read, without a lock, then written by one statement
//! that holds only while attempt, lead, campaign and queue still allow it. Claims that come at the same time share it.
//!
//! Nobody is rung twice, whatever meets whatever, because a yes is worth one row only, and the row gives one:
//!
//! - **Whoever is told yes has its own token in a row that is committed.** The statement gives back the tokens it wrote. Of two that ask
//!   for one attempt in the same round it writes one, whichever it takes; the other one's token is nowhere.
//! - **An ask goes with its own send number.** All that is written comes from the ask whose number was compared: a late ticket of an
//!   earlier send is told no, also beside one of this send.
//! - **Two processes**: whoever has the row's lock first writes; the other one leaves the row out, or finds that it is not `ready`.
//! - **Without an answer the lock decides.** The round failed, or its runner was dropped: it may have been written all the same, may be
//!   under way, and may even be written later. The locked way waits for what is under way, and then the row is one of three:
//!   - `sending` with the token of this very ask: it was written, and this caller goes on as if it had been told. A token is made for
//!     one ask, nobody else has it, and a caller is told once: there is no second one who sends for it. It is never written without the
//!     send number, worker and deadline of its ask, and `sending` says that nobody has looked after the row yet. What the lock commits
//!     comes behind the intent in the server's log, so the intent is as durable as if it had been told, on a synchronous standby too.
//!   - `sending` with another token, or moved on: the ticket is stale.
//!   - `ready`: it is claimed there, with **another token**. What is written later finds the row `sending`, or a later send of it, and
//!     leaves it: the first token is nowhere, and nobody sends for it.
//! - **A caller that is dropped while it waits** is left out of the round; one that is dropped later takes its token along and leaves a
//!   row for the reconciler.
//! - **A row that somebody else has** is left out, and its claim waits for it on the locked way: the others do not.
//! - **Another server answers** than when the claim began, a standby say, which may not know what was sent: whoever is about to write
//!   looks at that once more, with the connection in hand.
//!
//! The send window counts from before all of this: whoever waited too long here does not send.

use std::collections::HashSet;

use serde::Serialize;

use crate::domain::attempt::AttemptState;
use crate::domain::dialing::Claim;
use crate::domain::ids::{AttemptId, WorkerId};
use crate::domain::money::NanoUsd;
use crate::domain::permit::DialPermit;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, Db, on_db};
use crate::store::dial::claim::{ClaimAsk, Claimed};
use crate::store::dial::facts::{Facts, suppressions};
use crate::store::dial::intent::{intent, new_token, token_hash};
use crate::store::dial::sql::{fetch_value, given, millis, rows, whole};
use crate::store::dial::ticket::{ReadyTicket, Ticket, TicketAndLook};
use crate::store::lend::Server;
use crate::store::queue_control::dials_paused;
use crate::store::{Store, StoreError};

/// Locks in the order of the other transactions: attempt, lead. Looks again at what may have changed since the look: a campaign that
/// drains keeps its promises only, and whoever suppressed the number while the attempt was being armed has not taken it back.
///
/// The state is compared as no index can: where the planner believes that no attempt is `ready`, the index of states is as good to it as
/// the key, and a plan that is kept would read all that are.
pub(super) const CLAIMS: &str = concat!(
    "WITH ",
    given!("attempt UUID, send_no INTEGER, worker UUID, reserve BIGINT, token TEXT, at BIGINT, deadline BIGINT"),
    ",
     own AS MATERIALIZED (SELECT asked.*, own.lead_id, own.campaign_id, own.kind, own.to_number FROM asked CROSS JOIN LATERAL (
        SELECT lead_id, campaign_id, kind, to_number FROM attempt
        WHERE attempt.id = asked.attempt AND attempt.state IS NOT DISTINCT FROM 'ready' AND attempt.send_no = asked.send_no
        FOR NO KEY UPDATE SKIP LOCKED) AS own),
     free AS MATERIALIZED (SELECT own.* FROM own CROSS JOIN LATERAL (
        SELECT lead.id FROM lead WHERE lead.id = own.lead_id AND lead.state = 'active'
            AND EXISTS (SELECT 1 FROM campaign WHERE campaign.id = own.campaign_id
                AND (campaign.state = 'running' OR campaign.state = 'draining' AND own.kind = 'callback'))
            AND NOT EXISTS (SELECT 1 ",
    suppressions!(of "own.to_number", scope "CAST(own.campaign_id AS TEXT)"),
    ") AND NOT ",
    dials_paused!(),
    " FOR NO KEY UPDATE SKIP LOCKED) AS callee) ",
    intent!(postgres, "free.worker", "free.reserve", "free.token", "free.at", "free.deadline"),
    " FROM free WHERE attempt.id = free.attempt RETURNING attempt.stream_token"
);

/// A row of [`CLAIMS`].
#[derive(Debug, Serialize)]
pub(super) struct Intent {
    attempt: AttemptId,
    send_no: i32,
    worker: WorkerId,
    reserve: NanoUsd,
    token: String,
    at: i64,
    deadline: i64,
}

impl Intent {
    pub(super) fn of(ask: &ClaimAsk<'_>, stream_token: &str, now: Timestamp) -> Self {
        let (attempt, send_no, worker, reserve) = (ask.attempt, whole(ask.send_no), ask.worker, ask.reserve);
        let (token, at, deadline) = (token_hash(stream_token), now.as_millis(), millis(ask.timings.send_deadline));
        Self { attempt, send_no, worker, reserve, token, at, deadline }
    }
}

/// What became of an ask without a lock. Unless it is claimed, the ticket's fate is decided under one.
#[derive(Debug)]
pub(super) enum AtOnce {
    /// It may be sent.
    Claimed(Box<Claimed>),
    /// It may have been claimed.
    Untold(Untold),
    /// It has claimed nothing.
    Nothing,
}

/// A claim that was asked for and not answered, in the hands of the one caller who knows its token.
#[derive(Debug)]
pub(super) struct Untold {
    permit: DialPermit,
    stream_token: String,
}

impl Untold {
    /// Whether it was written after all; the row is locked.
    pub(super) async fn was_made(&self, mut conn: Conn<'_>, row: &Ticket, ask: &ClaimAsk<'_>) -> Result<bool, StoreError> {
        if row.attempt_state != AttemptState::Sending || row.send_no() != ask.send_no {
            return Ok(false);
        }
        let kept = fetch_value!(conn, Option<String>, "SELECT stream_token FROM attempt WHERE id = $1", ask.attempt);
        Ok(kept == Some(token_hash(&self.stream_token)))
    }

    /// It was.
    pub(super) fn claimed(self, row: Ticket) -> Claimed {
        Claimed::of(row, self.permit, self.stream_token)
    }
}

impl Store {
    pub(super) async fn claim_at_once(&self, ask: &ClaimAsk<'_>, now: Timestamp) -> Result<AtOnce, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(AtOnce::Nothing) };
        let Some((row, permit)) = self.permitted(server, ask, now).await? else { return Ok(AtOnce::Nothing) };
        let stream_token = new_token();
        let intent = Intent::of(ask, &stream_token, now);
        let written = self.rounds.claims.ask_server(server, intent, async |intents| self.intend_all(intents).await).await?;
        Ok(match written {
            Some(true) => AtOnce::Claimed(Box::new(Claimed::of(row, permit, stream_token))),
            Some(false) => AtOnce::Nothing,
            None => AtOnce::Untold(Untold { permit, stream_token }),
        })
    }

    /// The ticket and its permit, by what was read without a lock.
    async fn permitted(&self, server: &Server, ask: &ClaimAsk<'_>, now: Timestamp) -> Result<Option<(Ticket, DialPermit)>, StoreError> {
        let read = match ask.seen.and_then(ReadyTicket::fresh) {
            Some(seen) => Some(seen),
            None => self.ticket_and_look(ask.attempt, now).await?,
        };
        // an entry may be of no weight by now, or for this call: decided under the lock
        let Some(TicketAndLook { ticket: row, look }) = read.filter(|read| read.look.suppressions == 0) else { return Ok(None) };
        // not kept while the round is waited for: its runner needs a connection too
        let decided: Result<Claim, StoreError> = on_db!(@read_server server, conn, {
            let facts = Facts::after(look, conn.into(), &row.lead, row.own(ask), ask.settings, now).await?;
            Ok(row.decide(&facts, ask, now))
        });
        Ok(match decided? {
            Claim::Claimed(permit) => Some((row, permit)),
            Claim::Stale | Claim::Withdraw(_) => None,
        })
    }

    /// Which of them were written, in their order: committed when this returns.
    pub(super) async fn intend_all(&self, intents: Vec<Intent>) -> Result<Vec<bool>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(Vec::new()) };
        let rows = rows(&intents)?;
        let written: Result<Vec<String>, StoreError> = on_db!(@read_server server, conn, {
            self.still_settled()?;
            Ok(sqlx::query_scalar(CLAIMS).bind(rows).fetch_all(conn).await?)
        });
        let written: HashSet<String> = written?.into_iter().collect();
        Ok(intents.iter().map(|intent| written.contains(&intent.token)).collect())
    }
}
