//! Which agents there are: every version, newest first.

use serde::Serialize;
use sqlx::FromRow;

use crate::domain::ids::AgentVersionId;
use crate::domain::time::Timestamp;
use crate::store::db::on_db;
use crate::store::{Store, StoreError};

/// A version in a list.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct AgentListing {
    /// The version; campaigns pin it.
    pub id: AgentVersionId,
    /// The agent's name.
    pub name: String,
    /// From 1.
    pub version: i32,
    /// When it was saved.
    pub created_at: Timestamp,
}

impl Store {
    /// Every version of every agent, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn agent_versions(&self) -> Result<Vec<AgentListing>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT v.id, a.name, v.version, v.created_at FROM agent_version v JOIN agent a ON a.id = v.agent_id ORDER BY v.id DESC";
            Ok(sqlx::query_as(sql).fetch_all(conn).await?)
        })
    }
}
