//! The dials of a fleet: a scheduler and a worker with PostgreSQL and Redis between them.

use std::env::var;

use anyhow::Context;
use callfleet::simulator::{Scenario, Simulator, SimulatorSettings};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::Args;
use super::figures::Spread;
use super::product::Product;
use super::run::{dial_one_by_one, ticket_to_post};
use super::scene::{self, Servers};

/// Measures them in a database of its own, which is removed afterwards.
pub async fn dials(args: &Args) -> anyhow::Result<Spread> {
    let server = var("CALLFLEET_TEST_POSTGRES").context("--fleet needs CALLFLEET_TEST_POSTGRES")?;
    let redis = var("CALLFLEET_TEST_REDIS").context("--fleet needs CALLFLEET_TEST_REDIS")?;
    let name = format!("callfleet_bench_{}", std::process::id());
    on_server(&server, format!("CREATE DATABASE {name}")).await?;
    let mut url = url::Url::parse(&server)?;
    url.set_path(&name);
    let measured = measure(args, &Servers { postgres: url.to_string(), redis }).await;
    on_server(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await?;
    measured
}

async fn measure(args: &Args, servers: &Servers) -> anyhow::Result<Spread> {
    let folder = tempfile::tempdir()?;
    let simulator = Simulator::start(SimulatorSettings::on_loopback(Scenario::from_toml(&scene::scenario(1))?, 7)).await?;
    let product = Product::fleet(folder.path(), &simulator, servers, args.product_core).await?;
    product.verb("agent save agent.toml").await?;
    dial_one_by_one(&product, &simulator, args.dials).await?;
    product.stop().await?;
    let dials = ticket_to_post(folder.path(), &simulator, args.dials).await;
    simulator.stop().await;
    dials
}

async fn on_server(server: &str, sql: String) -> anyhow::Result<()> {
    let mut server = PgConnection::connect(server).await?;
    // the name is made of our own letters
    server.execute(AssertSqlSafe(sql)).await?;
    Ok(())
}
