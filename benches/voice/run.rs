//! The run: dials one by one, then many calls at once; then what was measured.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use callfleet::boot::open_store;
use callfleet::config::Config;
use callfleet::simulator::{Scenario, Simulator, SimulatorSettings, TruthKind};
use callfleet::store::dial::CallFilter;
use tokio::time::{Instant, sleep};

use super::figures::{Goal, Spread, ms};
use super::product::Product;
use super::scene::{self, FLOOR};
use super::{Args, fleet, machine};

/// Turns that pass before and after the measured ones, while calls begin and end.
const SPARE_TURNS: u32 = 2;
/// Between two looks at memory and progress.
const LOOK: Duration = Duration::from_millis(100);
/// How long memory is let settle before it counts.
const SETTLE: Duration = Duration::from_secs(2);
const WITHIN: Duration = Duration::from_secs(300);

/// Measures everything and gives the goals.
pub async fn everything(args: &Args) -> anyhow::Result<Vec<Goal>> {
    let folder = tempfile::tempdir()?;
    let scenario = Scenario::from_toml(&scene::scenario(args.turns + 2 * SPARE_TURNS))?;
    let simulator = Simulator::start(SimulatorSettings::on_loopback(scenario, 7)).await?;
    let product = Product::embedded(folder.path(), &simulator, args.calls + 8, args.product_core).await?;
    product.verb("agent save agent.toml").await?;
    dial_one_by_one(&product, &simulator, args.dials).await?;
    let talk = talk(&product, &simulator, args).await?;
    let complaints = product.log();
    product.stop().await?;
    let dials = ticket_to_post(folder.path(), &simulator, args.dials).await?;
    simulator.stop().await;
    let fleet = if args.fleet { Some(fleet::dials(args).await?) } else { None };
    print(args, &talk, &dials, fleet.as_ref());
    if !complaints.is_empty() {
        println!("\nthe product complained:\n{complaints}");
    }
    Ok(goals(&talk, &dials, fleet.as_ref()))
}

/// What the calls showed from outside.
struct Talk {
    added: Spread,
    greetings: Spread,
    kib_per_call: Option<f64>,
    core: Option<f64>,
    load: String,
}

/// A campaign of busy people on one line: nobody waits for anybody.
pub async fn dial_one_by_one(product: &Product, simulator: &Simulator, dials: u32) -> anyhow::Result<()> {
    // the first dial also renders the agent's lines, and does not count
    product.campaign("idle", 1, &scene::busy_people(dials + 1)).await?;
    until("every dial has ended", || ended(simulator) > dials as usize).await
}

async fn talk(product: &Product, simulator: &Simulator, args: &Args) -> anyhow::Result<Talk> {
    sleep(SETTLE).await;
    let (calls, quiet_kib, ended_before) = (args.calls as usize, product.resident_kib(), ended(simulator));
    product.campaign("talk", args.calls, &scene::talking_people(args.calls)).await?;
    until("every line is open", || simulator.stopwatch().greetings().len() >= calls).await?;
    let (began, used) = (Instant::now(), product.processor_s());
    let mut most_kib = product.resident_kib();
    while ended(simulator) == ended_before {
        sleep(LOOK).await;
        most_kib = most_kib.zip(product.resident_kib()).map(|(most, now)| most.max(now));
    }
    let (until_now, load) = (Instant::now(), machine::load());
    let used = product.processor_s().zip(used).map(|(now, then)| now - then);
    until("every call has ended", || ended(simulator) >= ended_before + calls).await?;
    let turns = simulator.stopwatch().replies().into_iter().filter(|wait| wait.began >= began && wait.began + wait.lasted <= until_now);
    Ok(Talk {
        added: Spread::of(turns.map(|wait| ms(wait.lasted) - ms(FLOOR))),
        greetings: Spread::of(simulator.stopwatch().greetings().iter().map(|wait| ms(wait.lasted))),
        kib_per_call: most_kib.zip(quiet_kib).map(|(most, quiet)| (most - quiet) / f64::from(args.calls)),
        core: used.map(|seconds| seconds / (until_now - began).as_secs_f64()),
        load,
    })
}

/// From the attempt's arming (when its ticket is rung for) to the POST's arrival, on the machine's wall clock.
pub async fn ticket_to_post(folder: &Path, simulator: &Simulator, dials: u32) -> anyhow::Result<Spread> {
    let config = Config::load(Some(&folder.join("callfleet.toml")))?;
    let store = open_store(&config).await?;
    let idle = store.campaign_by_name("idle").await?.context("the idle campaign is gone")?;
    let attempts = store.attempts(CallFilter { campaign: Some(idle.id), ..CallFilter::default() }, dials + 1).await?;
    store.close().await;
    let created = simulator.truth().lines().into_iter().filter(|line| line.event == TruthKind::Created);
    let posted: HashMap<String, i64> = created.filter_map(|line| Some((line.call_sid?, line.at_ms))).collect();
    let mut waits: Vec<(i64, i64)> =
        attempts.iter().filter_map(|attempt| Some((attempt.created_at.as_millis(), *posted.get(attempt.call_sid.as_ref()?)?))).collect();
    waits.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds between two events")]
    let spread = Spread::of(waits.iter().skip(1).map(|(armed, posted)| (posted - armed) as f64));
    Ok(spread)
}

fn ended(simulator: &Simulator) -> usize {
    simulator.truth().lines().iter().filter(|line| line.event == TruthKind::Ended).count()
}

async fn until(what: &str, is_so: impl Fn() -> bool) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !is_so() {
        anyhow::ensure!(begun.elapsed() < WITHIN, "not within {WITHIN:?}: {what}");
        sleep(LOOK).await;
    }
    Ok(())
}

fn print(args: &Args, talk: &Talk, dials: &Spread, fleet: Option<&Spread>) {
    println!("load average while all {} calls were up: {}\n", args.calls, talk.load);
    println!("floor                {}", scene::floor_explained());
    println!("added per turn       {}", talk.added);
    println!("greeting             {}", talk.greetings);
    println!("ticket to POST       {dials}, embedded");
    if let Some(fleet) = fleet {
        println!("ticket to POST       {fleet}, PostgreSQL and Redis");
    }
    let kib = talk.kib_per_call.map_or_else(|| "not measured".to_owned(), |kib| format!("{kib:.0} KiB"));
    println!("memory per call      {kib}");
    if let Some(core) = talk.core {
        println!("processor            {:.0} % of one core, {:.2} % a call", core * 100.0, core * 100.0 / f64::from(args.calls));
    }
}

fn goals(talk: &Talk, dials: &Spread, fleet: Option<&Spread>) -> Vec<Goal> {
    let mut goals = vec![
        Goal::at_most("added latency per turn, p50", 10.0, "ms", talk.added.at(0.5)),
        Goal::at_most("memory per call", 1.0, "MiB", talk.kib_per_call.map(|kib| kib / 1024.0)),
        Goal::at_most("stream start to first greeting byte, p99", 50.0, "ms", talk.greetings.at(0.99)),
        Goal::at_most("ticket to POST when idle, p99", 50.0, "ms", dials.at(0.99)),
    ];
    if let Some(fleet) = fleet {
        goals.push(Goal::at_most("ticket to POST in a fleet when idle, p99", 50.0, "ms", fleet.at(0.99)));
    }
    goals
}
