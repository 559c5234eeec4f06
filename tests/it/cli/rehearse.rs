//! A campaign rehearsed by the command line: one process, no provider, nothing left behind.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

use super::bench::{Bench, Ran};
use crate::support::process::Process;

const FRIENDLY: &str = "campaign rehearse spring --runs 2 --mix human=1 --outcomes qualified=1 --talk 60";

const SOON: Duration = Duration::from_secs(30);

/// A folder of the test's own for temporary files.
fn scratch(bench: &Bench) -> PathBuf {
    let scratch = bench.path().join("scratch");
    std::fs::create_dir_all(&scratch).unwrap();
    scratch
}

/// Runs it and looks whether it left something behind.
fn run(bench: &Bench, line: &str) -> Ran {
    let scratch = scratch(bench);
    let ran = bench.command(line).env("TMPDIR", &scratch).output().unwrap().into();
    assert_eq!(scratch.read_dir().unwrap().count(), 0, "{line} left files behind");
    ran
}

#[test]
fn a_campaign_is_rehearsed_before_anybody_is_called() {
    let bench = Bench::with_campaign();
    let before = bench.done("campaign status spring --json").json();
    let report = run(&bench, &format!("{FRIENDLY} --json")).json();
    assert_eq!((&report["calls"], &report["leads"]), (&json!({ "low": 2, "high": 2 }), &json!(2)));
    assert_eq!(report["endings"], json!([{ "ending": "completed", "runs": 2 }]));
    let said = run(&bench, FRIENDLY);
    assert_eq!(said.code, Some(0), "{said:?}");
    for part in [
        "rehearsal of spring: 2 leads, 2 runs from seed 1; nothing was dialed, nothing is paid",
        "every lead is done (2 runs)",
        "2 answered by a person, 2 conversations",
        "as ordered: --mix human=100.0 --outcomes qualified=100.0 --talk 60-60",
    ] {
        assert!(said.out.contains(part), "{part}\n{}", said.out);
    }
    assert_eq!(bench.done("campaign status spring --json").json(), before);
    assert_eq!(bench.done("call list --json").json()["calls"], json!([]));
}

#[test]
fn the_same_seed_says_the_same_and_what_is_wrong_is_said() {
    let bench = Bench::with_campaign();
    let line = "campaign rehearse spring --seed 9 --from 2036-12-01T12:00:00-08:00";
    assert_eq!(run(&bench, line).out, run(&bench, line).out);
    let wrong = run(&bench, "campaign rehearse spring --mix maybe=1");
    assert!(wrong.code == Some(1) && wrong.err.contains("human, voicemail, no_answer"), "{wrong:?}");
    let unread = run(&bench, "campaign rehearse spring --talk soon");
    assert!(unread.code == Some(2) && unread.err.contains("75-180"), "{unread:?}");
    let help = run(&bench, "campaign rehearse --help");
    assert!(help.out.contains("Example: callfleet campaign rehearse spring"), "{help:?}");
}

#[test]
fn what_a_killed_rehearsal_left_behind_goes_with_the_next_one() {
    let bench = Bench::with_campaign();
    let mut list = "phone_number,timezone,consent_basis\n".to_owned();
    for n in 0..3_000 {
        writeln!(list, "+1415555{n:04},America/Los_Angeles,web form").unwrap();
    }
    bench.write("long.csv", &list);
    bench.done("campaign create --name long --file campaign.toml --agent solar-intro");
    bench.done("leads import --campaign long long.csv");

    let scratch = scratch(&bench);
    let mut command = bench.command("campaign rehearse long --runs 50");
    command.env("TMPDIR", &scratch);
    let mut killed = Process::start("rehearsal", command);
    let is_there = || scratch.read_dir().unwrap().flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("callfleet-"));
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < SOON, "it does not begin");
        std::thread::sleep(Duration::from_millis(2));
    }
    killed.kill();
    assert!(is_there(), "it was killed in the middle");
    assert_eq!(run(&bench, FRIENDLY).code, Some(0));
}
