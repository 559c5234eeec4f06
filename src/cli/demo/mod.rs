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
use crate::domain::count::counted;
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
    let stop = shutdown::on_signal("no new calls, live calls end politely").context("signals cannot be heard")?;
    let folder = files::prepare(cli.data.as_deref())?;
    let stage = Stage::set(&folder, args).await?;
    let running = stage.run(stop.clone(), Drain::EndCalls);
    tell(cli, &format!("calling {} on a simulated telephone network; Ctrl-C ends it", counted(args.leads, "lead")));
    let watch = Watch::new(&stage.app.store, &stage.app.clock, stage.campaign, cli.json);
    let ended = watch.until_done(&stop).await?;
    if ended == Ended::Interrupted {
        tell(cli, "stopping: nobody is called any more, and the calls are ended politely");
        // the report tells how those calls ended, so it is read after them
        running.await.context(FAILED)??;
        report(cli, &stage, &folder, begun).await?;
    } else {
        report(cli, &stage, &folder, begun).await?;
        if args.keep {
            keep_up(cli, &folder, &stage, &stop).await;
        }
        stop.cancel();
        running.await.context(FAILED)??;
    }
    stage.app.close().await;
    stage.simulator.stop().await;
    Ok(if ended == Ended::Interrupted { shutdown::interrupted() } else { ExitCode::SUCCESS })
}

const FAILED: &str = "the demo's process part failed";

/// To people who look at it, not to scripts.
fn tell(cli: &Cli, words: &str) {
    if !cli.json {
        eprintln!("{words}");
    }
}

async fn report(cli: &Cli, stage: &Stage, folder: &std::path::Path, begun: Instant) -> anyhow::Result<()> {
    let report = Report::gather(&stage.app.store, stage.campaign, begun.elapsed()).await?;
    files::write(folder, &stage.app, stage.campaign).await?;
    show(cli, &report, folder)
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
