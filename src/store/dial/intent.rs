//! What a claim writes, durable before a byte is sent: intent, send deadline, one-time stream token.

use sha2::{Digest, Sha256};

use crate::domain::attempt::AttemptState;
use crate::domain::permit::DialPermit;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::db::{Conn, EngineSql};
use crate::store::dial::claim::{ClaimAsk, Claimed};
use crate::store::dial::sql::{execute, millis};
use crate::store::dial::ticket::Ticket;

/// The write itself; which rows it is for is its caller's to say.
macro_rules! intent {
    ($engine:ident, $worker:literal, $reserve:literal, $token:literal, $at:literal, $deadline:literal) => {
        concat!(
            "UPDATE attempt SET state = 'sending', sent_by = ",
            $worker,
            ", reserved_nano_usd = ",
            $reserve,
            ", stream_token = ",
            $token,
            ", intent_at = ",
            $at,
            ", state_at = ",
            $at,
            ", intent_at_db = ",
            $crate::store::db::engine_part!($engine now),
            ", send_deadline_db = ",
            $deadline,
            " + ",
            $crate::store::db::engine_part!($engine now)
        )
    };
}
pub(super) use intent;

macro_rules! locked {
    ($engine:ident) => {
        concat!(intent!($engine, "$4", "$5", "$6", "$7", "$8"), " WHERE id = $1 AND state = $2 AND send_no = $3")
    };
}
const INTENT: EngineSql = EngineSql { postgres: locked!(postgres), sqlite: locked!(sqlite) };

/// Writes the intent of a row that is locked; `None` when it had moved on.
pub(super) async fn intend(
    mut conn: Conn<'_>,
    row: Ticket,
    permit: DialPermit,
    ask: &ClaimAsk<'_>,
    now: Timestamp,
) -> Result<Option<Claimed>, StoreError> {
    let (sql, stream_token) = (INTENT.for_conn(&conn), new_token());
    let (hash, deadline) = (token_hash(&stream_token), millis(ask.timings.send_deadline));
    let (attempt, ready) = (ask.attempt, AttemptState::Ready);
    let rows = execute!(conn, sql, attempt, ready, row.send_no, ask.worker, ask.reserve, hash.as_str(), now, deadline);
    Ok((rows == 1).then(|| Claimed::of(row, permit, stream_token)))
}

/// A stream's one-time token.
pub(super) fn new_token() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// What is stored of a stream token.
pub(super) fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
