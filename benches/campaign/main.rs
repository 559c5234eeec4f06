//! A whole campaign without speech, through real processes: PostgreSQL, Redis, `web`, `scheduler`, workers, and the
//! simulator in the place of the telephone company. Everything is started here and ends here.
//!
//! `cargo bench --bench campaign -- --leads 100000 --workers 2`
//!
//! A dial cycle is one lead from due to its outcome: armed, ticket, paced, claimed, sent, bound, called back, folded. The
//! figures come from outside the product: the simulator's truth log, the rows, `/proc` and the workers' `/metrics`.

mod cpu;
mod fleet;
mod metrics;
mod report;
mod truth;

#[path = "../../tests/support/bound.rs"]
mod bound;
#[allow(dead_code, reason = "shared with the end-to-end tests, which use the rest")]
#[path = "../../tests/it/support/port.rs"]
mod port;
#[allow(dead_code, reason = "shared with the end-to-end tests, which use the rest")]
#[path = "../../tests/it/support/process.rs"]
mod process;
#[allow(dead_code, reason = "shared with the end-to-end tests, which use the rest")]
#[path = "../../tests/support/proxy.rs"]
mod proxy;
#[allow(dead_code, reason = "shared with the end-to-end tests, which use the rest")]
#[path = "../../tests/it/support/servers.rs"]
mod servers;

use std::time::{Duration, Instant};

use clap::Parser;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Row};

use fleet::Fleet;

/// Runs a campaign to its end and says how fast that was.
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench campaign --")]
pub struct Ask {
    /// People on the list; each is called once.
    #[arg(long, default_value_t = 5_000)]
    leads: u32,
    /// Worker processes.
    #[arg(long, default_value_t = 2)]
    workers: u32,
    /// Calls each worker may hold.
    #[arg(long, default_value_t = 400)]
    lines: u32,
    /// Call starts a second that the account allows.
    #[arg(long, default_value_t = 1000.0)]
    rate: f64,
    /// Of a hundred people, so many answer and hang up at once; the others are busy or do not answer.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=100))]
    answer: u32,
    /// Show the rows' slowest statements, by total time.
    #[arg(long)]
    statements: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Without progress for this long something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    let ask = Ask::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(run(&ask));
}

async fn run(ask: &Ask) {
    let fleet = Fleet::start(ask).await;
    let mut rows = PgConnection::connect(&fleet.database()).await.unwrap();
    let (before, begun) = (fleet.cpu(), Instant::now());
    fleet.verb("campaign start bench");
    to_the_end(&mut rows, ask.leads, begun).await;
    let used = fleet.cpu().since(&before);
    let facts = report::Facts {
        took: took(&mut rows).await,
        used,
        ticket_to_post: fleet.worker_metrics().await,
        truth: truth::Truth::read(&fleet.truth()),
        dispositions: dispositions(&mut rows).await,
    };
    if ask.statements {
        fleet.statements().await;
    }
    report::print(ask, &facts);
}

/// Watches the rows until the campaign says that it is completed.
async fn to_the_end(rows: &mut PgConnection, leads: u32, begun: Instant) {
    let (mut done, mut moved) = (0, Instant::now());
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let sql = "SELECT (SELECT state FROM campaign), (SELECT COUNT(*) FROM attempt WHERE state = 'ended')";
        let row = sqlx::query(sql).fetch_one(&mut *rows).await.unwrap();
        let (state, ended): (String, i64) = (row.get(0), row.get(1));
        if ended != done {
            (done, moved) = (ended, Instant::now());
        }
        if state == "completed" {
            return;
        }
        assert!(moved.elapsed() < PATIENCE, "the campaign is {state} and stands still at {done} of {leads}");
        if begun.elapsed().as_secs() % 10 < 2 {
            eprintln!("  {done} of {leads} after {} s", begun.elapsed().as_secs());
        }
    }
}

/// From the campaign's start to its last outcome, by the rows.
async fn took(rows: &mut PgConnection) -> Duration {
    let sql = "SELECT (SELECT MAX(state_at) FROM attempt) - (SELECT started_at FROM campaign)";
    let ms: i64 = sqlx::query_scalar(sql).fetch_one(rows).await.unwrap();
    Duration::from_millis(ms.unsigned_abs())
}

/// Leads by state and by how their call ended.
async fn dispositions(rows: &mut PgConnection) -> Vec<(String, i64)> {
    let sql = "SELECT l.state || ' ' || COALESCE(a.disposition, a.state, 'never called'), COUNT(*) FROM lead l
               LEFT JOIN attempt a ON a.lead_id = l.id GROUP BY 1 ORDER BY 2 DESC";
    sqlx::query_as(sql).fetch_all(rows).await.unwrap()
}
