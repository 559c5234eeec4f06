//! The ledger of provider calls: written in batches, read per call. Sums are in [`cost`](crate::store::cost).

use std::collections::BTreeMap;

use sqlx::FromRow;

use crate::domain::ids::{AttemptId, CampaignId, LedgerId, PromptVersionId};
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::mind::ledger::{LedgerEntry, Purpose, Service, Tier, UsageSource};
use crate::providers::Usage;
use crate::store::codec::{count, whole};
use crate::store::db::{Conn, Db, on_conn, on_db};
use crate::store::{Store, StoreError, ledger_at_once, spend};

#[derive(FromRow)]
struct LedgerRow {
    id: LedgerId,
    at: Timestamp,
    campaign_id: Option<CampaignId>,
    attempt_id: Option<AttemptId>,
    turn: Option<i32>,
    service: Service,
    purpose: Purpose,
    provider: String,
    model: String,
    prompt_version_id: Option<PromptVersionId>,
    route_reason: Option<String>,
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
    finish: Option<String>,
    cache_hit: bool,
    retry_of: Option<LedgerId>,
    prompt: Option<String>,
    completion: Option<String>,
}

impl From<LedgerRow> for LedgerEntry {
    fn from(row: LedgerRow) -> Self {
        let usage = Usage { tokens_in: count(row.tokens_in), tokens_cached: count(row.tokens_cached), tokens_out: count(row.tokens_out) };
        Self {
            id: row.id,
            at: row.at,
            campaign: row.campaign_id,
            attempt: row.attempt_id,
            turn: row.turn.and_then(|turn| u32::try_from(turn).ok()),
            service: row.service,
            purpose: row.purpose,
            provider: row.provider,
            model: row.model,
            prompt_version: row.prompt_version_id,
            route_reason: row.route_reason,
            tier: row.tier,
            usage,
            units: count(row.units),
            usage_source: row.usage_source,
            cost: row.cost_nano_usd,
            baseline: row.baseline_nano_usd,
            first_ms: row.first_ms.map(count),
            total_ms: row.total_ms.map(count),
            finish: row.finish,
            cache_hit: row.cache_hit,
            retry_of: row.retry_of,
            text: row.prompt.zip(row.completion),
        }
    }
}

impl Store {
    /// Writes entries in one transaction; an entry that is there already (same id) stays as it is. How many are new.
    ///
    /// # Errors
    /// The database cannot be written; nothing is stored then.
    pub async fn append_ledger(&self, entries: &[LedgerEntry], now: Timestamp) -> Result<u64, StoreError> {
        if let Db::Postgres(server) = &self.db {
            return ledger_at_once::append(server, entries, now).await;
        }
        on_db!(self.db, write, tx => {
            let (mut new, mut spent) = (0, BTreeMap::new());
            for entry in entries {
                if append((&mut *tx).into(), entry, now).await? {
                    new += 1;
                    *spent.entry(entry.campaign).or_insert(NanoUsd::ZERO) += entry.cost;
                }
            }
            for (campaign, cost) in spent {
                if let Some(campaign) = campaign {
                    spend::add((&mut *tx).into(), campaign, cost).await?;
                }
            }
            Ok(new)
        })
    }

    /// The entries of one attempt, in order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn ledger_of(&self, attempt: AttemptId) -> Result<Vec<LedgerEntry>, StoreError> {
        on_db!(self.db, read, conn => {
            let rows: Vec<LedgerRow> = sqlx::query_as(
                "SELECT l.*, t.prompt, t.completion FROM ledger l LEFT JOIN ledger_text t ON t.ledger_id = l.id
                 WHERE l.attempt_id = $1 ORDER BY l.at, l.id",
            )
            .bind(attempt).fetch_all(conn).await?;
            Ok(rows.into_iter().map(LedgerEntry::from).collect())
        })
    }
}

/// Writes one entry; whether it is new.
async fn append(mut conn: Conn<'_>, entry: &LedgerEntry, now: Timestamp) -> Result<bool, StoreError> {
    let is_new = append_numbers(conn.reborrow(), entry).await?;
    if is_new && let Some((prompt, completion)) = &entry.text {
        append_text(conn, entry.id, prompt, completion, now).await?;
    }
    Ok(is_new)
}

async fn append_numbers(conn: Conn<'_>, entry: &LedgerEntry) -> Result<bool, StoreError> {
    const INSERT: &str = "INSERT INTO ledger (id, at, campaign_id, attempt_id, turn, service, purpose, provider, model, prompt_version_id,
           route_reason, tier, tokens_in, tokens_cached, tokens_out, units, usage_source, cost_nano_usd, baseline_nano_usd,
           first_ms, total_ms, finish, cache_hit, retry_of)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
         ON CONFLICT (id) DO NOTHING";
    let usage = entry.usage;
    on_conn!(conn, conn => {
        let row = sqlx::query(INSERT).bind(entry.id).bind(entry.at).bind(entry.campaign).bind(entry.attempt);
        let row = row.bind(entry.turn.map(i64::from)).bind(entry.service).bind(entry.purpose).bind(&entry.provider).bind(&entry.model);
        let row = row.bind(entry.prompt_version).bind(&entry.route_reason).bind(entry.tier).bind(whole(usage.tokens_in));
        let row = row.bind(whole(usage.tokens_cached)).bind(whole(usage.tokens_out)).bind(whole(entry.units)).bind(entry.usage_source);
        let row = row.bind(entry.cost).bind(entry.baseline).bind(entry.first_ms.map(whole)).bind(entry.total_ms.map(whole));
        let row = row.bind(&entry.finish).bind(entry.cache_hit).bind(entry.retry_of);
        Ok(row.execute(conn).await?.rows_affected() == 1)
    })
}

async fn append_text(conn: Conn<'_>, id: LedgerId, prompt: &str, completion: &str, now: Timestamp) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO ledger_text (ledger_id, prompt, completion, created_at) VALUES ($1, $2, $3, $4)";
    on_conn!(conn, conn => {
        sqlx::query(INSERT).bind(id).bind(prompt).bind(completion).bind(now).execute(conn).await?;
        Ok(())
    })
}
