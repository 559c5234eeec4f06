//! What a claim writes, durable before a byte is sent: intent, send deadline, one-time stream token.

use sha2::{Digest, Sha256};

use crate::domain::attempt::AttemptState;
use crate::domain::permit::DialPermit;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::db::{Conn, EngineSql, engine_part};
use crate::store::dial::claim::{ClaimAsk, Claimed};
use crate::store::dial::facts::suppressions;
use crate::store::dial::sql::{execute, millis};
use crate::store::dial::ticket::Ticket;
use crate::store::queue_control::dials_paused;

macro_rules! intent {
    ($engine:ident) => {
        concat!(
            "UPDATE attempt SET state = 'sending', sent_by = $4, reserved_nano_usd = $5, stream_token = $6, intent_at = $7, state_at = $7,
                intent_at_db = ", engine_part!($engine now), ", send_deadline_db = $8 + ", engine_part!($engine now)
        )
    };
}
pub(super) const INTENT: EngineSql = EngineSql {
    postgres: concat!(intent!(postgres), " WHERE id = $1 AND state = $2 AND send_no = $3"),
    sqlite: concat!(intent!(sqlite), " WHERE id = $1 AND state = $2 AND send_no = $3"),
};
/// Locks in the order of the other transactions: attempt, lead. Looks again at what may have changed since the look: a campaign that
/// drains keeps its promises only, and whoever suppressed the number while the attempt was being armed has not taken it back.
pub(super) const INTENT_AT_ONCE: &str = concat!(
    "WITH own AS MATERIALIZED (SELECT lead_id, campaign_id, kind, to_number FROM attempt WHERE id = $1 AND state = $2 AND send_no = $3
        FOR NO KEY UPDATE),
     callee AS MATERIALIZED (SELECT lead.id FROM own JOIN lead ON lead.id = own.lead_id WHERE lead.state = 'active'
        AND EXISTS (SELECT 1 FROM campaign WHERE campaign.id = own.campaign_id
            AND (campaign.state = 'running' OR campaign.state = 'draining' AND own.kind = 'callback'))
        AND NOT EXISTS (SELECT 1 ",
    suppressions!(of "own.to_number", scope "CAST(own.campaign_id AS TEXT)"),
    ") AND NOT ",
    dials_paused!(),
    " FOR NO KEY UPDATE OF lead) ",
    intent!(postgres),
    " WHERE id = $1 AND EXISTS (SELECT 1 FROM callee)"
);

/// Writes the intent; `None` when the row had moved on.
pub(super) async fn intend(
    mut conn: Conn<'_>,
    sql: &'static str,
    row: Ticket,
    permit: DialPermit,
    ask: &ClaimAsk<'_>,
    now: Timestamp,
) -> Result<Option<Claimed>, StoreError> {
    let stream_token = hex::encode(rand::random::<[u8; 32]>());
    let (hash, deadline) = (token_hash(&stream_token), millis(ask.timings.send_deadline));
    let (attempt, ready) = (ask.attempt, AttemptState::Ready);
    let rows = execute!(conn, sql, attempt, ready, row.send_no, ask.worker, ask.reserve, hash.as_str(), now, deadline);
    if rows == 0 {
        return Ok(None);
    }
    let (send_no, lead, campaign) = (row.send_no(), row.lead.id, row.lead.campaign_id);
    let (agent_version, kind, to, from) = (row.agent_version_id, row.kind, row.to_number, row.from_number);
    Ok(Some(Claimed { permit, attempt, send_no, lead, campaign, agent_version, kind, to, from, stream_token }))
}

/// What is stored of a stream token.
pub(super) fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
