//! A lane: servers of its own, a prepared database, and one trial after another.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};

use super::process::{Binary, Running, free_addr};
use super::server::Server;
use super::settings::{self, CAMPAIGNS, Places};
use super::times::Times;

const PREPARED: &str = "prepared";
const VERB: Duration = Duration::from_secs(60);

/// Servers, and a database in which three campaigns are about to be dialed.
pub struct Lane {
    pub folder: PathBuf,
    pub binary: Binary,
    pub leads: usize,
    pub times: Times,
    pub postgres: Server,
    pub redis: Server,
    trials: u64,
}

impl Lane {
    /// Starts the servers and prepares the database with the product's own verbs.
    pub async fn open(folder: &Path, binary: &Binary, leads: usize, times: Times) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        // fails only when a provider is installed already, which is as good
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (postgres, redis) = (Server::postgres(folder)?, Server::redis(folder)?);
        let lane = Self { folder: folder.to_owned(), binary: binary.clone(), leads, times, postgres, redis, trials: 0 };
        lane.on_server(&format!("CREATE DATABASE {PREPARED}")).await.context("PostgreSQL")?;
        lane.prepare()?;
        Ok(lane)
    }

    fn prepare(&self) -> anyhow::Result<()> {
        let unused = free_addr();
        let places = Places {
            public: unused,
            twilio: unused,
            speech: unused,
            model: unused,
            postgres: self.postgres.addr,
            database: PREPARED.to_owned(),
            redis: self.redis.addr,
        };
        let write = |name: &str, text: &str| std::fs::write(self.folder.join(name), text).context("a file of a trial");
        write("callfleet.toml", &settings::callfleet(&places, self.times, &[]))?;
        write("agent.toml", settings::AGENT)?;
        self.verb("migrate")?;
        self.verb("agent save agent.toml")?;
        for (name, leads) in CAMPAIGNS.into_iter().zip(settings::leads(self.leads)) {
            let hours = if name == CAMPAIGNS[2] { settings::closed_hours() } else { "00:00-24:00".to_owned() };
            write("campaign.toml", &settings::campaign(&hours, self.times))?;
            write("leads.csv", &settings::csv(&leads))?;
            self.verb(&format!("campaign create --name {name} --file campaign.toml --agent short"))?;
            self.verb(&format!("leads import --campaign {name} leads.csv"))?;
            self.verb(&format!("campaign start {name}"))?;
        }
        Ok(())
    }

    fn verb(&self, line: &str) -> anyhow::Result<()> {
        let command = self.binary.command(&self.folder, &format!("--config callfleet.toml {line}"));
        let log = self.folder.join("prepare.log");
        ensure!(Running::start(command, &log)?.ended(VERB)?, "`{line}` failed: {}", log.display());
        Ok(())
    }

    /// A fresh database and an empty Redis for the next trial.
    pub async fn database(&mut self) -> anyhow::Result<String> {
        self.trials += 1;
        let name = format!("trial_{}", self.trials);
        self.on_server(&format!("CREATE DATABASE {name} TEMPLATE {PREPARED}")).await.context("a trial's database")?;
        self.flush_redis().await.context("Redis")?;
        Ok(name)
    }

    pub async fn drop_database(&self, name: &str) -> sqlx::Result<()> {
        self.on_server(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }

    /// One statement outside of any trial's database.
    pub async fn on_server(&self, sql: &str) -> sqlx::Result<()> {
        let mut server = PgConnection::connect(&settings::database_url(self.postgres.addr, "postgres")).await?;
        // made of this program's own words
        server.execute(AssertSqlSafe(sql.to_owned())).await?;
        server.close().await
    }

    pub async fn flush_redis(&self) -> redis::RedisResult<()> {
        let client = redis::Client::open(format!("redis://{}", self.redis.addr))?;
        redis::cmd("FLUSHALL").query_async(&mut client.get_multiplexed_async_connection().await?).await
    }
}
