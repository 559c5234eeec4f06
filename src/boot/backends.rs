//! Where rows, tickets and events live: in this process, or with the fleet's servers.

use std::sync::Arc;

use anyhow::Context;
use callfleet_jobs::JobQueue;
use callfleet_jobs::backend::memory::MemoryQueue;
use callfleet_jobs::backend::redis::{RedisQueue, RedisSettings, WINDOW};
use callfleet_jobs::kinds::DialLead;
use callfleet_jobs::pace::{LocalPacer, Pacer, RedisPacer};
use secrecy::ExposeSecret;
use tokio_util::task::TaskTracker;

use super::unopened::Unopened;
use crate::config::{Config, Mode};
use crate::live::{Live, WireSettings};
use crate::store::{Store, Target};

/// The store alone, for verbs that need nothing else.
///
/// # Errors
/// The database cannot be opened.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    match config.mode {
        Mode::Embedded => Ok(Store::open(Target::Sqlite { folder: config.data.clone() }).await?),
        Mode::Fleet => {
            config.require_fleet()?;
            let (url, max_connections) = (config.postgres.url.clone(), config.postgres.max_connections);
            Ok(Store::open(Target::Postgres { url, max_connections }).await.map_err(Unopened::from)?)
        }
    }
}

impl Store {
    /// An embedded database belongs to this process and is brought up to date; a fleet's is migrated by its own step.
    ///
    /// # Errors
    /// The schema is newer than this binary, or behind in a fleet.
    pub async fn migrate_or_require(&self, config: &Config) -> anyhow::Result<()> {
        match config.mode {
            Mode::Embedded => Ok(self.migrate().await?),
            Mode::Fleet => Ok(self.require_current_schema().await?),
        }
    }
}

pub(super) fn open_live(config: &Config, tasks: &TaskTracker) -> Live {
    match config.mode {
        Mode::Embedded => Live::within(),
        Mode::Fleet => Live::across(live_wire(config), tasks.clone()),
    }
}

/// Where a fleet's processes tell each other what happens.
#[must_use]
pub fn live_wire(config: &Config) -> WireSettings {
    WireSettings { url: config.redis.url.expose_secret().to_owned(), prefix: config.redis.prefix.clone() }
}

pub(super) async fn open_queue(config: &Config) -> anyhow::Result<(JobQueue<DialLead>, Arc<dyn Pacer>)> {
    match config.mode {
        Mode::Embedded => Ok((JobQueue::Memory(MemoryQueue::new(WINDOW)), Arc::new(LocalPacer::default()))),
        Mode::Fleet => {
            let settings = RedisSettings { url: config.redis.url.expose_secret().to_owned(), prefix: config.redis.prefix.clone() };
            let queue = RedisQueue::connect(settings.clone()).await.context("redis.url")?;
            Ok((JobQueue::Redis(queue), Arc::new(RedisPacer::connect(&settings).await?)))
        }
    }
}
