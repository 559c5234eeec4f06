//! Ledger entries at once, where the engine is a server: entries, texts and what their campaigns spent are one statement, which is a
//! transaction by itself.

use serde::Serialize;

use crate::domain::ids::{AttemptId, CampaignId, LedgerId, PromptVersionId};
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::mind::ledger::{LedgerEntry, Purpose, Service, Tier, UsageSource};
use crate::store::StoreError;
use crate::store::codec::{count, whole};
use crate::store::db::on_db;
use crate::store::dial::sql::{given, rows};
use crate::store::lend::Server;

/// A campaign's total is the row that all its calls wait for: what nobody reads is carried out from the last to the first, so that it is
/// taken after everything else, once, and in one order of campaigns. An entry that stands there twice is new once.
pub(super) const LEDGER: &str = concat!(
    "WITH ",
    given!(
        "id UUID, at BIGINT, campaign_id UUID, attempt_id UUID, turn INTEGER, service TEXT, purpose TEXT, provider TEXT, model TEXT,
         prompt_version_id UUID, route_reason TEXT, tier TEXT, tokens_in BIGINT, tokens_cached BIGINT, tokens_out BIGINT, units BIGINT,
         usage_source TEXT, cost_nano_usd BIGINT, baseline_nano_usd BIGINT, first_ms BIGINT, total_ms BIGINT, finish TEXT,
         cache_hit BOOLEAN, retry_of UUID, prompt TEXT, completion TEXT"
    ),
    ",
     added AS (INSERT INTO ledger (id, at, campaign_id, attempt_id, turn, service, purpose, provider, model, prompt_version_id,
            route_reason, tier, tokens_in, tokens_cached, tokens_out, units, usage_source, cost_nano_usd, baseline_nano_usd,
            first_ms, total_ms, finish, cache_hit, retry_of)
        SELECT id, at, campaign_id, attempt_id, turn, service, purpose, provider, model, prompt_version_id,
            route_reason, tier, tokens_in, tokens_cached, tokens_out, units, usage_source, cost_nano_usd, baseline_nano_usd,
            first_ms, total_ms, finish, cache_hit, retry_of FROM asked
        ON CONFLICT (id) DO NOTHING RETURNING id, campaign_id, cost_nano_usd),
     spent AS (INSERT INTO campaign_spend (campaign_id, spent_nano_usd)
        SELECT campaign_id, CAST(SUM(cost_nano_usd) AS BIGINT) FROM added WHERE campaign_id IS NOT NULL
        GROUP BY campaign_id ORDER BY campaign_id
        ON CONFLICT (campaign_id) DO UPDATE SET spent_nano_usd = campaign_spend.spent_nano_usd + excluded.spent_nano_usd),
     texts AS (INSERT INTO ledger_text (ledger_id, prompt, completion, created_at)
        SELECT asked.id, asked.prompt, asked.completion, $2 FROM asked JOIN added ON added.id = asked.id WHERE asked.prompt IS NOT NULL
        ON CONFLICT (ledger_id) DO NOTHING)
     SELECT COUNT(*) FROM added"
);

/// A row of [`LEDGER`].
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: LedgerId,
    at: i64,
    campaign_id: Option<CampaignId>,
    attempt_id: Option<AttemptId>,
    turn: Option<u32>,
    service: Service,
    purpose: Purpose,
    provider: &'a str,
    model: &'a str,
    prompt_version_id: Option<PromptVersionId>,
    route_reason: Option<&'a str>,
    tier: Tier,
    tokens_in: i64,
    tokens_cached: i64,
    tokens_out: i64,
    units: i64,
    usage_source: UsageSource,
    cost_nano_usd: NanoUsd,
    baseline_nano_usd: NanoUsd,
    first_ms: Option<i64>,
    total_ms: Option<i64>,
    finish: Option<&'a str>,
    cache_hit: bool,
    retry_of: Option<LedgerId>,
    prompt: Option<&'a str>,
    completion: Option<&'a str>,
}

impl<'a> From<&'a LedgerEntry> for Row<'a> {
    fn from(entry: &'a LedgerEntry) -> Self {
        let (prompt, completion) = entry.text.as_ref().map(|(prompt, completion)| (prompt.as_str(), completion.as_str())).unzip();
        Self {
            id: entry.id,
            at: entry.at.as_millis(),
            campaign_id: entry.campaign,
            attempt_id: entry.attempt,
            turn: entry.turn,
            service: entry.service,
            purpose: entry.purpose,
            provider: &entry.provider,
            model: &entry.model,
            prompt_version_id: entry.prompt_version,
            route_reason: entry.route_reason.as_deref(),
            tier: entry.tier,
            tokens_in: whole(entry.usage.tokens_in),
            tokens_cached: whole(entry.usage.tokens_cached),
            tokens_out: whole(entry.usage.tokens_out),
            units: whole(entry.units),
            usage_source: entry.usage_source,
            cost_nano_usd: entry.cost,
            baseline_nano_usd: entry.baseline,
            first_ms: entry.first_ms.map(whole),
            total_ms: entry.total_ms.map(whole),
            finish: entry.finish.as_deref(),
            cache_hit: entry.cache_hit,
            retry_of: entry.retry_of,
            prompt,
            completion,
        }
    }
}

/// How many are new.
pub(super) async fn append(server: &Server, entries: &[LedgerEntry], now: Timestamp) -> Result<u64, StoreError> {
    let rows = rows(entries.iter().map(Row::from))?;
    let new: Result<i64, StoreError> =
        on_db!(@read_server server, conn, Ok(sqlx::query_scalar(LEDGER).bind(rows).bind(now).fetch_one(conn).await?));
    new.map(count)
}
