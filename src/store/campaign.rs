//! Campaigns: a list, an agent and the rules of calling. Settings travel as JSON; `domain` owns their meaning.

use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;

use crate::domain::campaign::CampaignState;
use crate::domain::campaign::difference::difference;
use crate::domain::campaign::sooner::may_call_sooner;
use crate::domain::ids::{AgentVersionId, CampaignId, LeadId};
use crate::domain::not_permitted::NotPermitted;
use crate::domain::time::Timestamp;
use crate::store::audit::{self, NewAudit};
use crate::store::change::Change;
use crate::store::codec::JsonText;
use crate::store::db::{Conn, EngineSql, engine_sql, on_conn, on_db};
use crate::store::{Store, StoreError};

/// A campaign as it stands.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// Its name, unique in the deployment.
    pub name: String,
    /// Where it stands.
    pub state: CampaignState,
    /// Why it is there, when somebody or something said so.
    pub state_reason: Option<String>,
    /// The settings in their source form.
    pub settings: JsonText<Value>,
    /// The agent version it speaks with.
    pub agent_version_id: Option<AgentVersionId>,
    /// Grows with every change of settings or agent.
    pub version: i32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it first ran.
    pub started_at: Option<Timestamp>,
    /// When it last began to run.
    #[serde(skip)]
    pub running_since: Option<Timestamp>,
    /// When it was completed or cancelled.
    pub ended_at: Option<Timestamp>,
    /// Countries that the provider does not let it call.
    #[serde(skip)]
    pub not_permitted: Option<JsonText<NotPermitted>>,
    /// A change of settings may have opened a gate: leads behind this one that it had put off are to be looked at again.
    #[serde(skip)]
    pub look_again_after: Option<LeadId>,
}

/// A campaign to make; it begins as a draft.
#[derive(Debug, Clone)]
pub struct NewCampaign<'a> {
    /// Its name.
    pub name: &'a str,
    /// The settings in their source form.
    pub settings: &'a Value,
    /// The agent version it speaks with.
    pub agent_version: Option<AgentVersionId>,
}

/// A change of state somebody asks for.
#[derive(Debug, Clone, Copy)]
pub struct CampaignChange<'a> {
    /// The state they saw.
    pub from: CampaignState,
    /// The state they want.
    pub to: CampaignState,
    /// Why, kept in the row and in the audit.
    pub reason: Option<&'a str>,
    /// Who asks.
    pub actor: &'a str,
}

impl Store {
    /// Makes a campaign; `None` when the name is taken.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn create_campaign(&self, new: NewCampaign<'_>, actor: &str, now: Timestamp) -> Result<Option<Campaign>, StoreError> {
        on_db!(self.db, write, tx => {
            let made: Option<Campaign> = sqlx::query_as(
                "INSERT INTO campaign (id, name, state, settings, agent_version_id, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING
                 RETURNING id, name, state, state_reason, settings, agent_version_id, version, created_at, started_at, running_since, ended_at,
                   not_permitted, look_again_after",
            )
            .bind(CampaignId::new())
            .bind(new.name)
            .bind(CampaignState::Draft)
            .bind(JsonText(new.settings))
            .bind(new.agent_version)
            .bind(now)
            .fetch_optional(&mut *tx)
            .await?;
            if let Some(campaign) = &made {
                let agent = match new.agent_version {
                    Some(agent) => Some(version_name((&mut *tx).into(), agent).await?),
                    None => None,
                };
                let agent = agent.map(|agent| format!(", agent {agent}")).unwrap_or_default();
                let (subject, detail) = (subject(campaign.id), format!("{}{agent}", new.name));
                let change = NewAudit { actor, action: "campaign.create", subject: &subject, detail: &detail };
                audit::append(tx.into(), change, now).await?;
            }
            Ok(made)
        })
    }

    /// The campaign of this id.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn campaign(&self, id: CampaignId) -> Result<Option<Campaign>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as("SELECT * FROM campaign WHERE id = $1").bind(id).fetch_optional(conn).await?)
        })
    }

    /// The campaign of this name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn campaign_by_name(&self, name: &str) -> Result<Option<Campaign>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as("SELECT * FROM campaign WHERE name = $1").bind(name).fetch_optional(conn).await?)
        })
    }

    /// All campaigns, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn campaigns(&self) -> Result<Vec<Campaign>, StoreError> {
        on_db!(self.db, read, conn => Ok(sqlx::query_as("SELECT * FROM campaign ORDER BY id DESC").fetch_all(conn).await?))
    }

    /// Those in one of these states, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn campaigns_in(&self, states: &[CampaignState]) -> Result<Vec<Campaign>, StoreError> {
        const IN: EngineSql = engine_sql!("SELECT * FROM campaign WHERE state IN (" (each "$1") ") ORDER BY id DESC");
        let (sql, states) = (IN.on(&self.db), JsonText(states.iter().copied().map(CampaignState::as_str).collect::<Vec<_>>()));
        on_db!(self.db, read, conn => Ok(sqlx::query_as(sql).bind(states).fetch_all(conn).await?))
    }

    /// Moves a campaign along its table of states, with an audit row; a change the table lacks is refused like a lost race.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn change_campaign_state(
        &self,
        id: CampaignId,
        change: CampaignChange<'_>,
        now: Timestamp,
    ) -> Result<Change<CampaignState>, StoreError> {
        use CampaignState::{Cancelled, Completed, Draining, Halted, Running};
        let CampaignChange { from, to, reason, actor } = change;
        // what failed before it was halted is not counted again, whether it goes on or comes to its end
        let started = (to == Running || (from == Halted && to == Draining)).then_some(now);
        let ended = matches!(to, Completed | Cancelled).then_some(now);
        on_db!(self.db, write, tx => {
            let rows = if from.may_become(to) {
                sqlx::query(
                    "UPDATE campaign SET state = $3, state_reason = $4, started_at = COALESCE(started_at, $5),
                       running_since = COALESCE($5, running_since), ended_at = $6
                     WHERE id = $1 AND state = $2",
                )
                .bind(id).bind(from).bind(to).bind(reason).bind(started).bind(ended)
                .execute(&mut *tx).await?.rows_affected()
            } else {
                0
            };
            let state = sqlx::query_scalar("SELECT state FROM campaign WHERE id = $1").bind(id).fetch_optional(&mut *tx).await?;
            let change = Change::of(rows, state);
            if change.is_changed() {
                let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
                let (subject, detail) = (subject(id), format!("{from} to {to}{why}"));
                let change = NewAudit { actor, action: "campaign.state", subject: &subject, detail: &detail };
                audit::append(tx.into(), change, now).await?;
            }
            Ok(change)
        })
    }

    /// Replaces the settings if nobody changed the campaign since `version`; gives the new version, `None` when somebody did. The audit
    /// keeps what is different; the same settings once more change nothing, and the version stays. Whoever waits for a gate that the new
    /// settings may open is looked at again.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn change_campaign_settings(
        &self,
        id: CampaignId,
        version: i32,
        settings: &Value,
        actor: &str,
        now: Timestamp,
    ) -> Result<Option<i32>, StoreError> {
        on_db!(self.db, write, tx => {
            let before: Option<JsonText<Value>> = sqlx::query_scalar("SELECT settings FROM campaign WHERE id = $1 AND version = $2")
                .bind(id).bind(version).fetch_optional(&mut *tx).await?;
            let Some(JsonText(before)) = before else { return Ok(None) };
            let difference = difference(&before, settings);
            if difference.is_empty() {
                return Ok(Some(version));
            }
            let look_again = may_call_sooner(&before, settings).then_some(LeadId(uuid::Uuid::nil()));
            let changed: Option<i32> = sqlx::query_scalar(
                "UPDATE campaign SET settings = $3, version = version + 1, look_again_after = COALESCE($4, look_again_after)
                 WHERE id = $1 AND version = $2 RETURNING version",
            )
            .bind(id).bind(version).bind(JsonText(settings)).bind(look_again)
            .fetch_optional(&mut *tx).await?;
            if changed.is_some() {
                let subject = subject(id);
                let change = NewAudit { actor, action: "campaign.settings", subject: &subject, detail: &difference };
                audit::append(tx.into(), change, now).await?;
            }
            Ok(changed)
        })
    }

    /// Pins another agent version; false when the campaign speaks with this one already, or does not exist.
    ///
    /// # Errors
    /// The agent version does not exist, or the database cannot be written.
    pub async fn pin_agent(&self, id: CampaignId, agent: AgentVersionId, actor: &str, now: Timestamp) -> Result<bool, StoreError> {
        on_db!(self.db, write, tx => {
            let rows = sqlx::query(
                "UPDATE campaign SET agent_version_id = $2, version = version + 1
                 WHERE id = $1 AND (agent_version_id IS NULL OR agent_version_id <> $2)",
            )
            .bind(id).bind(agent).execute(&mut *tx).await?.rows_affected();
            if rows == 1 {
                let (subject, detail) = (subject(id), version_name((&mut *tx).into(), agent).await?);
                let change = NewAudit { actor, action: "campaign.agent", subject: &subject, detail: &detail };
                audit::append(tx.into(), change, now).await?;
            }
            Ok(rows == 1)
        })
    }
}

/// The agent of a version and its number, as people know them: `solar-intro v3`.
async fn version_name(conn: Conn<'_>, agent: AgentVersionId) -> Result<String, StoreError> {
    const NAMED: &str = "SELECT a.name, v.version FROM agent_version v JOIN agent a ON a.id = v.agent_id WHERE v.id = $1";
    let named: Option<(String, i32)> = on_conn!(conn, conn => sqlx::query_as(NAMED).bind(agent).fetch_optional(conn).await?);
    Ok(named.map_or_else(|| agent.to_string(), |(name, version)| format!("{name} v{version}")))
}

fn subject(id: CampaignId) -> String {
    format!("campaign/{id}")
}
