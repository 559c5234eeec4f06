//! A lane: servers of its own, a copy of the prepared database, and one trial after another.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};

use super::builds::Builds;
use super::process::{Binary, Running, free_addr};
use super::server::Server;
use super::settings::{self, CAMPAIGNS, Places};
use super::times::Times;

const PREPARED: &str = "prepared";
const VERB: Duration = Duration::from_secs(60);
/// From PostgreSQL's start until it lets somebody in.
const LETS_IN: Duration = Duration::from_secs(30);

/// A stopped PostgreSQL with a database in which three campaigns are about to be dialed: made once, copied for every lane.
pub struct Prepared {
    folder: PathBuf,
    builds: Builds,
    leads: usize,
    times: Times,
}

impl Prepared {
    /// Prepares the database with the product's own verbs.
    pub async fn make(folder: PathBuf, builds: &Builds, leads: usize, times: Times) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        // fails only when a provider is installed already, which is as good
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (postgres, redis) = (Server::new_postgres(&folder).await?, Server::redis(&folder).await?);
        on_server(&postgres, &format!("CREATE DATABASE {PREPARED}")).await.context("PostgreSQL")?;
        let prepared = Self { folder, builds: builds.clone(), leads, times };
        prepared.fill(&postgres, &redis).await?;
        postgres.stop().await?;
        Ok(prepared)
    }

    async fn fill(&self, postgres: &Server, redis: &Server) -> anyhow::Result<()> {
        let unused = free_addr().to_string();
        let places = Places {
            public: format!("http://{unused}"),
            twilio: format!("http://{unused}"),
            speech: format!("http://{unused}"),
            model: format!("http://{unused}"),
            postgres: settings::database_url(&postgres.addr.to_string(), PREPARED),
            redis: redis.addr.to_string(),
            prefix: PREPARED.to_owned(),
        };
        let write = |name: &str, text: &str| std::fs::write(self.folder.join(name), text).context("a file of a trial");
        write("callfleet.toml", &settings::callfleet(&places, self.times, &[]))?;
        write("agent.toml", settings::AGENT)?;
        self.verb("migrate").await?;
        self.verb("agent save agent.toml").await?;
        for (name, leads) in CAMPAIGNS.into_iter().zip(settings::leads(self.leads)) {
            let hours = if name == CAMPAIGNS[2] { settings::closed_hours() } else { "00:00-24:00".to_owned() };
            write("campaign.toml", &settings::campaign(&hours, self.times, self.builds.older.is_some()))?;
            write("leads.csv", &settings::csv(&leads))?;
            self.verb(&format!("campaign create --name {name} --file campaign.toml --agent short")).await?;
            self.verb(&format!("leads import --campaign {name} leads.csv")).await?;
            self.verb(&format!("campaign start {name}")).await?;
        }
        self.take_the_older_one_along().await
    }

    /// One that does not know these settings or this schema would be started again and again until the trial's time is over.
    async fn take_the_older_one_along(&self) -> anyhow::Result<()> {
        let Some(older) = &self.builds.older else { return Ok(()) };
        let fix = "--beside takes the older of two builds whose versions may run together";
        self.verb_of(older, "campaign list").await.with_context(|| format!("the other build cannot read what this one made; {fix}"))
    }

    async fn verb(&self, line: &str) -> anyhow::Result<()> {
        self.verb_of(&self.builds.own, line).await
    }

    async fn verb_of(&self, build: &Binary, line: &str) -> anyhow::Result<()> {
        let command = build.command(&self.folder, &format!("--config callfleet.toml {line}"));
        let log = self.folder.join("prepare.log");
        ensure!(Running::start(command, &log)?.ended(VERB).await?, "`{line}` failed: {}", log.display());
        Ok(())
    }
}

/// Servers of its own, with the prepared database.
pub struct Lane {
    pub builds: Builds,
    pub leads: usize,
    pub times: Times,
    pub postgres: Server,
    pub redis: Server,
    trials: u64,
}

impl Lane {
    /// Starts its servers in `folder`.
    pub async fn open(folder: &Path, prepared: &Prepared) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (postgres, redis) = (Server::postgres_like(&prepared.folder, folder).await?, Server::redis(folder).await?);
        let Prepared { builds, leads, times, .. } = prepared;
        Ok(Self { builds: builds.clone(), leads: *leads, times: *times, postgres, redis, trials: 0 })
    }

    /// A fresh database and an empty Redis for the next trial.
    pub async fn database(&mut self) -> anyhow::Result<String> {
        self.trials += 1;
        let name = format!("trial_{}", self.trials);
        on_server(&self.postgres, &format!("CREATE DATABASE {name} TEMPLATE {PREPARED}")).await.context("a trial's database")?;
        self.flush_redis().await.context("Redis")?;
        Ok(name)
    }

    pub async fn drop_database(&self, name: &str) -> sqlx::Result<()> {
        on_server(&self.postgres, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }

    /// A database of its server, past every proxy.
    pub async fn rows(&self, database: &str) -> sqlx::Result<PgConnection> {
        connect(&self.postgres, database).await
    }

    pub async fn flush_redis(&self) -> redis::RedisResult<()> {
        let client = redis::Client::open(format!("redis://{}", self.redis.addr))?;
        redis::cmd("FLUSHALL").query_async(&mut client.get_multiplexed_async_connection().await?).await
    }
}

/// One statement outside of any trial's database.
async fn on_server(postgres: &Server, sql: &str) -> sqlx::Result<()> {
    let mut server = connect(postgres, "postgres").await?;
    // made of this program's own words
    server.execute(AssertSqlSafe(sql.to_owned())).await?;
    server.close().await
}

/// PostgreSQL listens before it lets anybody in, and on a crowded machine for long.
async fn connect(postgres: &Server, database: &str) -> sqlx::Result<PgConnection> {
    let (url, begun) = (settings::database_url(&postgres.addr.to_string(), database), Instant::now());
    loop {
        match PgConnection::connect(&url).await {
            Err(error) if starts_up(&error) && begun.elapsed() < LETS_IN => tokio::time::sleep(Duration::from_millis(50)).await,
            told => return told,
        }
    }
}

/// By PostgreSQL's code `cannot_connect_now`.
fn starts_up(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "57P03")
}
