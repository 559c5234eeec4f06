//! How fast a list comes in, and what it costs in memory: the whole request, from the first byte sent to the answer, with
//! every check on. With `--beside` also how long somebody else's small write waits for the database meanwhile.
//!
//! `cargo bench --bench import -- --rows 1000000 [--postgres postgres://…] [--sorted] [--beside]`. The list is made by rule: 2 % of its rows
//! are bad in one of eight ways, 1 % repeat an earlier number, numbers come in six spellings and in no order (`--sorted`: in
//! order, as a list that was exported by number). The database of `--postgres` gets a schema of its own, dropped afterwards.

#[path = "import/beside.rs"]
mod beside;
#[path = "import/list.rs"]
mod list;
#[path = "import/memory.rs"]
mod memory;

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use bytes::Bytes;
use callfleet::clock::SystemClock;
use callfleet::domain::dialing::DialTimings;
use callfleet::domain::money::NanoUsd;
use callfleet::domain::reserve::CallReserve;
use callfleet::live::Live;
use callfleet::store::campaign::NewCampaign;
use callfleet::store::{Store, Target};
use callfleet::web::api::{ApiState, LatelyTold, router};
use futures_util::stream;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tower_service::Service;

/// What was asked for.
struct Order {
    rows: u64,
    postgres: Option<String>,
    sorted: bool,
    beside: bool,
}

fn main() -> anyhow::Result<()> {
    let order = order(std::env::args().skip(1))?;
    let metrics = PrometheusBuilder::new().install_recorder().context("the recorder of metrics")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(&order, metrics))
}

fn order(mut args: impl Iterator<Item = String>) -> anyhow::Result<Order> {
    let mut order = Order { rows: 100_000, postgres: None, sorted: false, beside: false };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--rows" => order.rows = args.next().context("--rows N")?.replace('_', "").parse()?,
            "--postgres" => order.postgres = Some(args.next().context("--postgres URL")?),
            "--sorted" => order.sorted = true,
            "--beside" => order.beside = true,
            // what cargo itself adds
            "--bench" => {}
            other => bail!("{other}? usage: cargo bench --bench import -- [--rows N] [--postgres URL] [--sorted] [--beside]"),
        }
    }
    Ok(order)
}

async fn run(order: &Order, metrics: PrometheusHandle) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("list.csv");
    let expected = list::write(&file, order.rows, order.sorted)?;
    let bytes = std::fs::metadata(&file)?.len();
    println!("machine: {}", memory::machine());
    println!("list: {} rows, {:.1} MiB, {}", order.rows, mib(bytes), if order.sorted { "numbers in order" } else { "numbers in no order" });

    let (store, schema) = open(order, &folder).await?;
    let settings = json!({});
    let new = NewCampaign { name: "bench", settings: &settings, agent_version: None };
    store.create_campaign(new, "bench", "2026-11-23T18:00:00Z".parse()?).await?;
    let state = ApiState {
        store: store.clone(),
        clock: Arc::new(SystemClock),
        timings: DialTimings::default(),
        reserve: CallReserve::flat(NanoUsd::from_usd(0.5)),
        account_rate: 1.0,
        worker_lines: 50,
        rehearsals: callfleet::rehearsal::Rehearsals::default(),
        largest_list: u64::MAX,
        files: folder.path().to_owned(),
        live: Live::within(),
        unspoken: LatelyTold::default(),
        metrics: Some(metrics.clone()),
    };
    let before = memory::resident()?;
    let begun = Instant::now();
    let importing = import(state, &file);
    let (answer, waits) = if order.beside { beside::small_writes(&store, importing).await? } else { (importing.await, Vec::new()) };
    let answer = answer?;
    let seconds = begun.elapsed().as_secs_f64();
    let most = memory::highest()?;

    let count = |key: &str| answer[key].as_u64().unwrap_or(0);
    let counts = ["accepted", "rejected", "updated", "duplicates"].map(count);
    println!("engine: {}", if order.postgres.is_some() { "PostgreSQL" } else { "SQLite" });
    println!(
        "time: {seconds:.2} s for the whole request, {:.2} s of it behind the check of the file",
        answer["seconds"].as_f64().unwrap_or(0.0)
    );
    #[allow(clippy::cast_precision_loss, reason = "a rate to look at")]
    let rate = order.rows as f64 / seconds;
    println!("rate: {rate:.0} rows/s");
    println!("memory: {:.1} MiB more than the {:.1} MiB before", mib(most.saturating_sub(before)), mib(before));
    println!("transactions: {}", transactions(&metrics));
    if order.beside {
        println!("small writes beside it: {}", beside::told(&waits));
    }
    println!(
        "counts: rows {}, accepted {}, rejected {}, updated {}, duplicates {}",
        count("rows"),
        counts[0],
        counts[1],
        counts[2],
        counts[3]
    );
    println!("by code: {}", answer["by_code"]);
    ensure!(counts.iter().sum::<u64>() == order.rows && count("rows") == order.rows, "the counts do not add up to the file");
    ensure!(counts == expected, "expected {expected:?}, got {counts:?}");
    println!("the counts add up to the file and are the ones it was made with");
    close(order, store, schema).await
}

async fn import(state: ApiState, file: &std::path::Path) -> anyhow::Result<Value> {
    let pieces = stream::try_unfold(tokio::fs::File::open(file).await?, |mut file| async move {
        let mut piece = vec![0; 64 * 1024];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        std::io::Result::Ok((read > 0).then(|| (Bytes::from(piece), file)))
    });
    let body = Body::from_stream(pieces);
    let request = Request::post("/v1/campaigns/bench/imports?region=US&file_name=list.csv").body(body)?;
    let response = router(state).call(request).await?;
    let status = response.status();
    let text = to_bytes(response.into_body(), usize::MAX).await?;
    ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&text));
    Ok(serde_json::from_slice(&text)?)
}

/// How many transactions there were, and their times.
fn transactions(metrics: &PrometheusHandle) -> String {
    let text = metrics.render();
    let value = |what: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("callfleet_import_transaction_seconds{what}")));
        line.and_then(|line| line.rsplit_once(' ')).and_then(|(_, value)| value.parse::<f64>().ok()).unwrap_or(f64::NAN)
    };
    let ms = |quantile: &str| value(&format!("{{quantile=\"{quantile}\"}}")) * 1_000.0;
    format!("{}, p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms", value("_count"), ms("0.5"), ms("0.99"), ms("1"))
}

async fn open(order: &Order, folder: &TempDir) -> anyhow::Result<(Store, String)> {
    let schema = format!("bench_{}", uuid::Uuid::now_v7().simple());
    let target = match &order.postgres {
        None => Target::Sqlite { folder: folder.path().join("data") },
        Some(url) => {
            PgConnection::connect(url).await?.execute(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await?;
            let join = if url.contains('?') { '&' } else { '?' };
            Target::Postgres { url: SecretString::from(format!("{url}{join}options[search_path]={schema}")), max_connections: 4 }
        }
    };
    let store = Store::open(target).await?;
    store.migrate().await?;
    Ok((store, schema))
}

async fn close(order: &Order, store: Store, schema: String) -> anyhow::Result<()> {
    store.close().await;
    if let Some(url) = &order.postgres {
        PgConnection::connect(url).await?.execute(AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"))).await?;
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "a size to look at")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
