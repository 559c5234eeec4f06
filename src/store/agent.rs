//! Agents and their immutable versions: what a call said can always be traced to the exact definition and prompts.

use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::FromRow;

use crate::agents::definition::AgentDefinition;
use crate::domain::ids::{AgentId, AgentVersionId, PromptVersionId};
use crate::domain::time::Timestamp;
use crate::store::codec::JsonText;
use crate::store::db::{Conn, on_conn, on_db};
use crate::store::{Store, StoreError};

/// One layer of a prompt as it will be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptText<'a> {
    /// `system`, `call`, `turn` …
    pub layer: &'a str,
    /// The template's text.
    pub body: &'a str,
    /// The JSON schema the answer has to satisfy, where there is one.
    pub output_schema: Option<&'a str>,
}

/// A stored prompt version.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct PromptVersion {
    /// Its id, as the ledger names it.
    pub id: PromptVersionId,
    /// Which layer.
    pub layer: String,
    /// Grows with every new text of this agent and layer, from 1.
    pub version: i32,
    /// The text.
    pub body: String,
    /// The schema of the answer.
    pub output_schema: Option<String>,
}

/// A stored agent version with everything it speaks with.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct AgentVersion {
    /// Its id; campaigns pin it.
    pub id: AgentVersionId,
    /// The agent.
    pub agent_id: AgentId,
    /// The agent's name.
    pub name: String,
    /// From 1.
    pub version: i32,
    /// The definition.
    #[sqlx(rename = "body")]
    pub definition: JsonText<AgentDefinition>,
    /// When it was saved.
    pub created_at: Timestamp,
    /// Its prompts, by layer.
    #[sqlx(skip)]
    pub prompts: Vec<PromptVersion>,
}

/// What saving did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SavedAgent {
    /// The version that stands now.
    pub id: AgentVersionId,
    /// Its number.
    pub version: i32,
    /// False when definition and prompts were the same as the latest version's.
    pub is_new: bool,
}

const SELECT: &str = "SELECT v.id, v.agent_id, a.name, v.version, v.body, v.created_at
     FROM agent_version v JOIN agent a ON a.id = v.agent_id WHERE ";

impl Store {
    /// Saves a definition with its prompts as the next version, unless both are the same as the latest version's.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn save_agent(
        &self,
        definition: &AgentDefinition,
        prompts: &[PromptText<'_>],
        now: Timestamp,
    ) -> Result<SavedAgent, StoreError> {
        let body =
            serde_json::to_string(definition).map_err(|source| StoreError::Unreadable { what: "agent definition".into(), source })?;
        let sha256 = version_sha(&body, prompts);
        on_db!(self.db, write, tx => {
            let agent = lock_agent((&mut *tx).into(), &definition.name, now).await?;
            let latest = latest_version((&mut *tx).into(), agent).await?;
            if let Some((id, version, _)) = latest.as_ref().filter(|(_, _, known)| *known == sha256) {
                return Ok(SavedAgent { id: *id, version: *version, is_new: false });
            }
            let id = AgentVersionId::new();
            let version = latest.map_or(0, |(_, version, _)| version) + 1;
            sqlx::query("INSERT INTO agent_version (id, agent_id, version, body, sha256, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(id).bind(agent).bind(version).bind(&body).bind(&sha256).bind(now)
                .execute(&mut *tx).await?;
            for prompt in prompts {
                let prompt_id = save_prompt((&mut *tx).into(), &definition.name, prompt, now).await?;
                sqlx::query("INSERT INTO agent_prompt (agent_version_id, layer, prompt_version_id) VALUES ($1, $2, $3)")
                    .bind(id).bind(prompt.layer).bind(prompt_id).execute(&mut *tx).await?;
            }
            Ok(SavedAgent { id, version, is_new: true })
        })
    }

    /// An agent version by its id.
    ///
    /// # Errors
    /// The database cannot be read, or the stored definition is not one of this program's.
    pub async fn agent_version(&self, id: AgentVersionId) -> Result<Option<AgentVersion>, StoreError> {
        const BY_ID: &str = "v.id = $1";
        on_db!(self.db, read, conn => {
            let found = sqlx::query_as(sqlx::AssertSqlSafe([SELECT, BY_ID].concat())).bind(id).fetch_optional(&mut *conn).await?;
            with_prompts(conn.into(), found).await
        })
    }

    /// An agent version by name: the given version, or the latest.
    ///
    /// # Errors
    /// The database cannot be read, or the stored definition is not one of this program's.
    pub async fn agent_by_name(&self, name: &str, version: Option<i32>) -> Result<Option<AgentVersion>, StoreError> {
        const BY_NAME: &str = "a.name = $1 AND ($2 IS NULL OR v.version = $2) ORDER BY v.version DESC LIMIT 1";
        on_db!(self.db, read, conn => {
            let sql = sqlx::AssertSqlSafe([SELECT, BY_NAME].concat());
            let found = sqlx::query_as(sql).bind(name).bind(version).fetch_optional(&mut *conn).await?;
            with_prompts(conn.into(), found).await
        })
    }
}

/// The agent's row, made when it is missing; touching it makes two savers of one agent wait for each other.
async fn lock_agent(conn: Conn<'_>, name: &str, now: Timestamp) -> Result<AgentId, StoreError> {
    const TOUCH: &str = "INSERT INTO agent (id, name, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id";
    on_conn!(conn, conn => Ok(sqlx::query_scalar(TOUCH).bind(AgentId::new()).bind(name).bind(now).fetch_one(conn).await?))
}

async fn latest_version(conn: Conn<'_>, agent: AgentId) -> Result<Option<(AgentVersionId, i32, String)>, StoreError> {
    const LATEST: &str = "SELECT id, version, sha256 FROM agent_version WHERE agent_id = $1 ORDER BY version DESC LIMIT 1";
    on_conn!(conn, conn => Ok(sqlx::query_as(LATEST).bind(agent).fetch_optional(conn).await?))
}

/// The version row of this text: the one that holds it already, or the next one.
async fn save_prompt(conn: Conn<'_>, name: &str, prompt: &PromptText<'_>, now: Timestamp) -> Result<PromptVersionId, StoreError> {
    const SAVE: &str = "INSERT INTO prompt_version (id, name, layer, version, body, output_schema, sha256, created_at)
         SELECT $1, $2, $3, COALESCE(MAX(version), 0) + 1, $4, $5, $6, $7 FROM prompt_version WHERE name = $2 AND layer = $3
         ON CONFLICT (name, layer, sha256) DO UPDATE SET sha256 = excluded.sha256 RETURNING id";
    on_conn!(conn, conn => {
        let row = sqlx::query_scalar(SAVE).bind(PromptVersionId::new()).bind(name).bind(prompt.layer);
        Ok(row.bind(prompt.body).bind(prompt.output_schema).bind(prompt_sha(prompt)).bind(now).fetch_one(conn).await?)
    })
}

async fn with_prompts(conn: Conn<'_>, found: Option<AgentVersion>) -> Result<Option<AgentVersion>, StoreError> {
    const PROMPTS: &str = "SELECT p.id, p.layer, p.version, p.body, p.output_schema
         FROM agent_prompt ap JOIN prompt_version p ON p.id = ap.prompt_version_id WHERE ap.agent_version_id = $1 ORDER BY p.layer";
    let Some(mut agent) = found else { return Ok(None) };
    agent.prompts = on_conn!(conn, conn => sqlx::query_as(PROMPTS).bind(agent.id).fetch_all(conn).await?);
    Ok(Some(agent))
}

fn prompt_sha(prompt: &PromptText<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(prompt.body);
    hash.update([0]);
    hash.update(prompt.output_schema.unwrap_or_default());
    hex::encode(hash.finalize())
}

/// Over the definition and every prompt: a new prompt text is a new version, even under the same definition.
fn version_sha(body: &str, prompts: &[PromptText<'_>]) -> String {
    let mut hash = Sha256::new();
    hash.update(body);
    for prompt in prompts {
        hash.update([0]);
        hash.update(prompt.layer);
        hash.update([0]);
        hash.update(prompt_sha(prompt));
    }
    hex::encode(hash.finalize())
}
