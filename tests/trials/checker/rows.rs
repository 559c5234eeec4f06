//! The product's rows, read past the product.

use sqlx::postgres::PgConnection;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::truth::Call;

/// Everything the checker reads of the database.
#[derive(Debug, Default)]
pub struct Rows {
    /// When they were read, Unix milliseconds.
    pub read_at: i64,
    pub leads: Vec<Lead>,
    pub attempts: Vec<Attempt>,
    pub suppressed: Vec<Suppressed>,
    pub rules: Vec<Rules>,
    /// Numbers that are held by attempts which have ended and rest no more.
    pub stuck_numbers: Vec<String>,
    /// Spans in which a campaign stood still: from the moment its pause was written to the moment its end was asked for.
    pub paused: Vec<Paused>,
}

#[derive(Debug, Clone, Default, FromRow)]
pub struct Lead {
    pub id: Uuid,
    pub campaign: String,
    pub external_id: String,
    pub phone_number: String,
    pub state: String,
    pub next_attempt_at: i64,
}

#[derive(Debug, Clone, Default, FromRow)]
pub struct Attempt {
    pub id: Uuid,
    pub lead_id: Uuid,
    pub campaign: String,
    pub state: String,
    pub call_sid: Option<String>,
    pub disposition: Option<String>,
    pub held: bool,
    /// When the last send was decided.
    pub intent_at: Option<i64>,
    pub cost_nano_usd: i64,
    pub reserved_nano_usd: i64,
}

#[derive(Debug, Clone, Default, FromRow)]
pub struct Suppressed {
    pub phone_number: String,
    pub created_at: i64,
}

/// What a campaign allows.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    pub campaign: String,
    /// Nobody is called by it: its hours are closed for the whole trial.
    pub closed: bool,
    pub calls_per_lead: usize,
    pub calls_per_number_a_day: usize,
    /// Shortest wait between two calls to one lead.
    pub redial_after_ms: i64,
    /// Reserved for each call.
    pub reserve_nano_usd: i64,
    /// From the decision to call until the provider may make the call of it.
    pub longest_send_ms: i64,
}

#[derive(Debug, Clone, Default)]
pub struct Paused {
    pub campaign: String,
    pub from_ms: i64,
    pub until_ms: i64,
}

const LEADS: &str = "SELECT lead.id, campaign.name AS campaign, COALESCE(external_id, '') AS external_id, lead.phone_number,
    lead.state, next_attempt_at
    FROM lead JOIN campaign ON campaign.id = lead.campaign_id";
const ATTEMPTS: &str = "SELECT attempt.id, lead_id, campaign.name AS campaign, attempt.state, call_sid, disposition,
    held_by IS NOT NULL AS held, intent_at, cost_nano_usd, reserved_nano_usd FROM attempt JOIN campaign ON campaign.id = attempt.campaign_id
    ORDER BY attempt.id";
const STUCK: &str = "SELECT phone_number FROM open_number o JOIN attempt a ON a.id = o.attempt_id
    WHERE a.state IN ('ended', 'withdrawn') OR (a.state = 'absent' AND hold_until_db IS NULL)";

impl Rows {
    pub async fn read(database: &mut PgConnection) -> sqlx::Result<Self> {
        let read_at = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
        Ok(Self {
            read_at: sqlx::query(read_at).fetch_one(&mut *database).await?.get(0),
            leads: sqlx::query_as(LEADS).fetch_all(&mut *database).await?,
            attempts: sqlx::query_as(ATTEMPTS).fetch_all(&mut *database).await?,
            suppressed: sqlx::query_as("SELECT phone_number, created_at FROM suppression").fetch_all(&mut *database).await?,
            stuck_numbers: sqlx::query_scalar(STUCK).fetch_all(&mut *database).await?,
            rules: Vec::new(),
            paused: Vec::new(),
        })
    }

    pub fn rules_of(&self, campaign: &str) -> Option<&Rules> {
        self.rules.iter().find(|rules| rules.campaign == campaign)
    }

    /// The attempt that has this call, else the one it was placed for: a call that the rows lost is still somebody's.
    pub fn attempt_behind(&self, call: &Call) -> Option<&Attempt> {
        let placed_for = || self.attempts.iter().find(|attempt| call.attempt.as_ref().is_some_and(|id| *id == attempt.id.to_string()));
        self.attempt_of(&call.sid).or_else(placed_for)
    }

    pub fn attempt_of(&self, sid: &str) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.call_sid.as_deref() == Some(sid))
    }
}
