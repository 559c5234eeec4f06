use insta::assert_snapshot;

use super::bench::{Bench, Ran};

fn resolve(bench: &Bench, words: &str, rest: &str) -> Ran {
    let mut command = bench.command("callback resolve");
    command.arg(words).args(rest.split_whitespace()).output().unwrap().into()
}

#[test]
fn an_operator_tries_what_words_mean() {
    let bench = Bench::new();
    let at = "--zone America/New_York --at 2026-11-23T15:00:00Z";
    assert_snapshot!("resolved", resolve(&bench, "after five tomorrow", at).out);
    let answer = resolve(&bench, "after five tomorrow", &format!("{at} --hours 09:00-20:00 --json")).json();
    let found = serde_json::json!([answer["kind"], answer["earliest"], answer["shifted"]]);
    assert_eq!(found, serde_json::json!(["callback", "2026-11-24T22:00:00Z", false]));
    assert_eq!(answer["say"], "I will call you tomorrow, Tuesday, November 24, after 5 PM.");
    assert_eq!(resolve(&bench, "stop calling me", &format!("{at} --json")).json()["kind"], "opt_out");
}

#[test]
fn what_was_mistyped_is_told_in_one_line() {
    let bench = Bench::new();
    for (rest, named) in [
        ("--zone Mars/Olympus", "Mars/Olympus"),
        ("--zone EST", "`EST` is an offset, not a place, and ignores daylight saving; write an IANA name like America/New_York"),
        ("--zone America/New_York --at tomorrow", "2026-11-23T15:00:00Z"),
        ("--zone America/New_York --hours 9-5", "09:00-20:00"),
    ] {
        let ran = resolve(&bench, "at five", rest);
        assert_eq!((ran.code, ran.err.trim_end().lines().count()), (Some(2), 1), "{ran:?}");
        assert!(ran.err.contains(named), "{ran:?}");
    }
}

#[test]
fn a_campaign_without_promises_says_so() {
    let bench = Bench::with_campaign();
    assert_eq!(bench.done("callback list --campaign spring").out, "no callback was promised in campaign spring yet\n");
}
