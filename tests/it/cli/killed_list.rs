//! A do-not-call list whose import is killed, and two imports of one list at once: what was read shows and can be finished or
//! removed, and the list that was complete stays in force.

use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::bench::{Bench, Ran};
use super::dnc::day;
use super::killed_import::on_postgres;

const CRASH_POINT: &str = callfleet::crash_point::VARIABLE;
/// Numbers of a list of two pieces and a half.
const NUMBERS: u64 = 25_000;

#[test]
fn a_list_that_broke_off_is_told_and_finished_or_removed() {
    is_told_and_finished_or_removed(&Bench::with_campaign());
}

#[test]
fn a_list_that_broke_off_on_postgres_is_told_and_finished_or_removed() {
    on_postgres(is_told_and_finished_or_removed);
}

#[test]
fn of_two_imports_at_once_the_second_to_end_is_refused() {
    on_postgres(the_second_to_end_is_refused);
}

fn is_told_and_finished_or_removed(bench: &Bench) {
    bench.write("old.txt", "415,5550100\n415,5550999\n");
    bench.write("newer.txt", &list(2_000_000));
    bench.done(&format!("dnc import old.txt --scrub-date {}", day(9)));

    killed(bench, "national");
    let shown = bench.done("dnc list --json").json();
    assert_eq!((&shown["lists"][0]["scrub_date"], &shown["lists"][0]["numbers"]), (&json!(day(9)), &json!(2)), "{shown}");
    let incomplete = &shown["incomplete"][0];
    let told = (&incomplete["name"], &incomplete["numbers"], &incomplete["is_renewal"]);
    assert_eq!(told, (&json!("national"), &json!(20_000), &json!(true)), "{shown}");
    let at = incomplete["began_at"].as_str().unwrap();
    assert_eq!(bench.done("dnc show +14155550999 --json").json()["suppressed"], true, "the old list is in force");
    let text = bench.done("dnc list").out;
    assert!(
        text.contains("20000")
            && text.contains("--list national, with the --region and --registry that it needs")
            && text.contains("until then the complete one is in force"),
        "{text}"
    );
    let warning = format!(
        "a newer do-not-call list national is incomplete, and the numbers of the complete one stay in force: its import of {at} is still \
         going on or broke off; to finish it, import the whole list again, with the --region and --registry that it needs: \
         callfleet dnc import FILE --scrub-date DAY --list national"
    );
    is_warned_of(bench, &warning);

    let done = bench.done(&format!("dnc import newer.txt --scrub-date {} --json", day(0))).json();
    assert_eq!(done["numbers"], NUMBERS, "{done}");
    assert_eq!(bench.done("dnc list --json").json()["incomplete"], json!([]));
    assert_eq!(bench.done("dnc show +14155550999 --json").json()["suppressed"], false, "it is on no list any more");

    killed(bench, "other");
    let shown = bench.done("dnc list --json").json();
    assert_eq!((shown["lists"].as_array().unwrap().len(), &shown["incomplete"][0]["name"]), (1, &json!("other")), "{shown}");
    let removes = "callfleet dnc remove other --reason WHY";
    assert!(bench.done("dnc list").out.contains(removes));
    let away = "base_url = \"http://127.0.0.1:9\"";
    bench.write("away.toml", &format!("[twilio]\n{away}\n[deepgram]\n{away}\n[openai]\n{away}\n"));
    let doctor = bench.run("--config away.toml doctor").out;
    assert!(doctor.contains("other: incomplete, 20000 numbers so far") && doctor.contains(removes), "{doctor}");
    bench.done("dnc remove other --reason mistake");
    assert_eq!(bench.done("dnc list --json").json()["incomplete"], json!([]));
    assert_eq!(bench.run("dnc remove other --reason mistake").code, Some(1), "there is nothing of it");
}

/// Where a list that is too old is told.
fn is_warned_of(bench: &Bench, warning: &str) {
    let status = bench.done("campaign status spring --json").json();
    assert!(status["warnings"].as_array().unwrap().contains(&json!(warning)), "{status}");
    let explained = bench.done("campaign explain spring --json").json();
    let gate = explained["gates"].as_array().unwrap().iter().find(|gate| gate["gate"] == "dnc_age").unwrap();
    assert_eq!((&gate["open"], &gate["value"]), (&json!(true), &json!(warning)), "{explained}");
    let started: Value = bench.done("campaign start spring --json").json();
    assert!(started["notes"].as_array().unwrap().contains(&json!(warning)), "{started}");
    bench.done("campaign pause spring");
}

fn the_second_to_end_is_refused(bench: &Bench) {
    bench.write("newer.txt", &list(2_000_000));
    bench.write("newest.txt", &list(3_000_000));
    let first = import(bench, "newer.txt", "national").env(CRASH_POINT, "dnc.piece:1:stop").stderr(Stdio::piped()).spawn().unwrap();
    wait_until_stopped(&first);
    bench.done(&format!("dnc import newest.txt --scrub-date {}", day(0)));
    kill_process(pid(&first), Signal::CONT).unwrap();
    let refused: Ran = first.wait_with_output().unwrap().into();
    let told = format!("{}{}", refused.out, refused.err);
    assert!(refused.code == Some(1) && told.contains("list_changed") && told.contains("import the whole list again"), "{refused:?}");
    let shown = bench.done("dnc list --json").json();
    assert_eq!((&shown["lists"][0]["numbers"], &shown["incomplete"]), (&json!(NUMBERS), &json!([])), "{shown}");
    for (number, is_listed) in [("+14153000001", true), ("+14152000001", false)] {
        assert_eq!(bench.done(&format!("dnc show {number} --json")).json()["suppressed"], is_listed, "{number}");
    }
}

fn list(from: u64) -> String {
    (from..from + NUMBERS).fold(String::new(), |mut text, number| {
        writeln!(text, "415,{number}").unwrap();
        text
    })
}

fn import(bench: &Bench, file: &str, name: &str) -> std::process::Command {
    let mut command = bench.command(&format!("dnc import {file} --scrub-date {} --list {name} --json", day(0)));
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// An import that dies behind its second piece.
fn killed(bench: &Bench, name: &str) {
    let died = import(bench, "newer.txt", name).env(CRASH_POINT, "dnc.piece:2").output().unwrap();
    assert_eq!(died.status.signal(), Some(9), "{died:?}");
}

fn wait_until_stopped(child: &Child) {
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
    };
    while state() != Some('T') {
        assert_ne!(state(), Some('Z'), "it ended before it was stopped");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
}
