//! The demo: a whole campaign against simulated people, over the real protocols, in about a minute.

mod files;
mod leads;
mod outcomes;
mod report;
mod stage;
mod watch;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use crate::boot::Drain;
use crate::cli::commands::{Cli, Demo};
use crate::shutdown;
use report::Report;
use stage::Stage;
use watch::{Ended, Watch};

/// Runs the demo and prints its report.
///
/// # Errors
/// What kept it from running; a campaign that ran is never an error.
pub async fn demo(cli: &Cli, args: &Demo) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let stop = shutdown::on_signal().context("signals cannot be heard")?;
    let folder = files::prepare(cli.data.as_deref())?;
    let stage = Stage::set(&folder, args).await?;
    let running = stage.run(stop.clone(), Drain::EndCalls);
    let watch = Watch::new(&stage.app.store, &stage.app.clock, stage.campaign, cli.json);
    let ended = watch.until_done(&stop).await?;
    let report = Report::gather(&stage.app.store, stage.campaign, begun.elapsed()).await?;
    files::write(&folder, &stage.app, stage.campaign).await?;
    show(cli, &report, &folder)?;
    if args.keep && ended == Ended::Done {
        keep_up(cli, &folder, &stage, &stop).await;
    }
    stop.cancel();
    running.await.context("the demo's process part failed")??;
    stage.simulator.stop().await;
    Ok(if ended == Ended::Interrupted { shutdown::interrupted() } else { ExitCode::SUCCESS })
}

fn show(cli: &Cli, report: &Report, folder: &std::path::Path) -> anyhow::Result<()> {
    if cli.json {
        println!("{}", serde_json::to_string(report)?);
    } else {
        print!("{}", report.text());
        println!("\n  files     {}  (results.csv, transcripts/, truth.jsonl, callfleet.db)", folder.display());
    }
    Ok(())
}

async fn keep_up(cli: &Cli, folder: &std::path::Path, stage: &Stage, stop: &CancellationToken) {
    if !cli.json {
        println!("\n  still up at {}; look around from another terminal, for example:", stage.api);
        println!("    callfleet --data {} campaign status demo", folder.display());
        println!("    callfleet --data {} call list", folder.display());
        println!("  Ctrl-C ends it.");
    }
    stop.cancelled().await;
}
