//! Numbers that must not be called: lists and single ones.

use super::bench::Bench;

/// A day, so many days ago.
pub(super) fn day(days_ago: i64) -> String {
    let today = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    today.checked_sub(jiff::Span::new().days(days_ago)).unwrap().to_string()
}

#[test]
fn a_list_takes_leads_off_and_ages() {
    let bench = Bench::with_campaign();
    assert!(bench.done("dnc list").out.contains("no do-not-call list"));
    bench.write("registry.txt", "415,5550100\n415,5550999\n");
    let read = bench.done(&format!("dnc import registry.txt --scrub-date {} --json", day(26))).json();
    assert_eq!((&read["numbers"], &read["leads"], &read["rejected"]), (&2.into(), &1.into(), &0.into()), "{read}");
    assert_eq!(bench.done("leads list --campaign spring --state suppressed --json").json()["leads"].as_array().unwrap().len(), 1);
    let lists = bench.done("dnc list --json").json();
    assert_eq!((&lists["lists"][0]["freshness"], &lists["lists"][0]["days"]), (&"warn".into(), &26.into()), "{lists}");
    assert!(bench.done("dnc list").out.contains("26 days: renew it before it is 31"));
    let told = "the do-not-call list national is 26 days old: from day 31 on nobody is called; renew it";
    assert_eq!(read["warnings"], serde_json::json!([told]));
    let again = bench.done(&format!("dnc import registry.txt --scrub-date {}", day(26))).out;
    assert!(again.contains(&format!("\nwarning: {told}\n")), "{again}");

    bench.write("registry.txt", "415,5550999\n415,5550998\nnobody\n");
    let newer = bench.done(&format!("dnc import registry.txt --scrub-date {} --json", day(0))).json();
    assert_eq!((&newer["numbers"], &newer["rejected"], &newer["warnings"]), (&2.into(), &1.into(), &serde_json::json!([])), "{newer}");
    assert_eq!(bench.done("dnc show +14155550100 --json").json()["suppressed"], false);
    assert_eq!(bench.done("dnc show +14155550998 --json").json()["entries"][0]["scope"], "list:national");

    bench.write("late.csv", "phone,timezone,consent_basis\n+14155550998,America/Los_Angeles,web form\n");
    let tried = bench.done("leads import --campaign spring late.csv --dry-run --json").json();
    assert_eq!((&tried["accepted"], &tried["suppressed"]), (&1.into(), &1.into()), "{tried}");
    let late = bench.done("leads import --campaign spring late.csv --json").json();
    assert_eq!((&late["accepted"], &late["suppressed"]), (&1.into(), &1.into()), "{late}");
    assert_eq!(bench.run("dnc remove +14155550998 --reason mistake").code, Some(1), "it is on a list");
    let given_up = bench.done("dnc remove national --reason renewed").out;
    assert!(given_up.starts_with("the list national is given up: its numbers may be called again"), "{given_up}");
    assert_eq!(bench.done("dnc show +14155550998 --json").json()["suppressed"], false);
}

#[test]
fn lists_that_cannot_be_used_change_nothing() {
    let bench = Bench::with_campaign();
    bench.write("registry.txt", "415,5550100\n");
    bench.write("names.txt", "Ann\nBo\n");
    let stale = bench.run(&format!("dnc import registry.txt --scrub-date {}", day(31)));
    assert!(stale.code == Some(1) && stale.err.contains("too old"), "{stale:?}");
    let future = bench.run(&format!("dnc import registry.txt --scrub-date {}", day(-2)));
    assert!(future.code == Some(1) && future.err.contains("still to come"), "{future:?}");
    let no_day = bench.run("dnc import registry.txt --scrub-date 2026-13-03");
    assert!(no_day.code == Some(2) && no_day.err.contains("`2026-13-03` is no day"), "{no_day:?}");
    assert!(no_day.err.contains("--scrub-date") && no_day.err.contains("2026-11-03"), "{no_day:?}");
    let names = bench.run(&format!("dnc import names.txt --scrub-date {}", day(1)));
    assert!(names.code == Some(1) && names.err.contains("none of the 2 rows"), "{names:?}");
    assert_eq!(bench.done("campaign status spring --json").json()["total"], 2);
    assert_eq!(bench.done("dnc list --json").json()["lists"].as_array().unwrap().len(), 0);
}

#[test]
fn a_list_that_is_read_in_a_wrong_way_replaces_none() {
    let bench = Bench::with_campaign();
    bench.write("registry.txt", "+14155550100\n+14155550101\n+14155550102\n");
    bench.done(&format!("dnc import registry.txt --scrub-date {}", day(9)));
    // its region was forgotten
    bench.write("newer.txt", "+14155550103\n4155550100\n4155550101\n4155550102\n");
    let refused = bench.run(&format!("dnc import newer.txt --scrub-date {}", day(0)));
    assert!(refused.code == Some(1) && refused.err.contains("only 1 of the 4 rows holds a phone number; line 2"), "{refused:?}");
    assert!(refused.err.contains("--region"), "{refused:?}");
    assert_eq!(bench.done("dnc list --json").json()["lists"][0]["scrub_date"], day(9));
    for number in ["+14155550100", "+14155550103"] {
        assert_eq!(bench.done(&format!("dnc show {number} --json")).json()["suppressed"], true, "{number}");
    }
    let read = bench.done(&format!("dnc import newer.txt --region US --scrub-date {} --json", day(0))).json();
    assert_eq!((&read["numbers"], &read["rejected"]), (&4.into(), &0.into()), "{read}");
}

#[test]
fn a_list_knows_its_registry_and_how_old_it_may_be() {
    let bench = Bench::with_campaign();
    bench.write("tps.txt", "phone\n+442079460000\n");
    let registry = |line: &str| bench.done(&format!("dnc import tps.txt {line} --json")).json()["registry"].clone();
    assert_eq!(registry(&format!("--list tps --registry GB --scrub-date {}", day(27))), "gb");
    assert_eq!(registry(&format!("--list tps --scrub-date {}", day(23))), "gb", "it is not forgotten");
    assert_eq!(registry(&format!("--list other --region GB --scrub-date {}", day(1))), "gb", "the region tells it");
    assert_eq!(registry(&format!("--list own --scrub-date {}", day(30))), serde_json::Value::Null);
    assert!(bench.done("dnc list").out.contains("23 days: renew it before it is 28"));
    let stale = bench.run(&format!("dnc import tps.txt --registry gb --scrub-date {}", day(28)));
    assert!(stale.code == Some(1) && stale.err.contains("28 days are the end"), "{stale:?}");
    let unknown = bench.run(&format!("dnc import tps.txt --registry fr --scrub-date {}", day(1)));
    assert!(unknown.code == Some(1) && unknown.err.contains("ca, gb, us"), "{unknown:?}");
    for (option, written) in [("--registry UK", "it is written gb"), ("--region uk", "it is written GB")] {
        let refused = bench.run(&format!("dnc import tps.txt {option} --scrub-date {}", day(1)));
        assert!(refused.code == Some(1) && refused.err.contains(written), "{refused:?}");
    }
}

#[test]
fn a_number_can_be_added_and_allowed_again() {
    let bench = Bench::with_campaign();
    let added = bench.done("dnc add +14155550100 --opt-out --json").json();
    assert_eq!((&added["is_new"], &added["leads"], &added["withdrawn"]), (&true.into(), &1.into(), &0.into()), "{added}");
    assert_eq!(bench.done("dnc add +14155550100 --json").json()["is_new"], false);
    assert!(bench.done("dnc show +14155550100").out.contains("opt_out"));
    assert!(bench.done("dnc list").out.contains("1 by opt_out"));
    bench.done("dnc remove +14155550100 --reason mistake");
    assert_eq!(bench.done("dnc show +14155550100 --json").json()["suppressed"], false);
    let again = bench.run("dnc remove +14155550100 --reason mistake");
    assert!(again.code == Some(1) && again.err.contains("not suppressed"), "{again:?}");
    let written = bench.done("dnc add +1(415)555-0101 --opt-out --json").json();
    assert_eq!((&written["is_new"], &written["leads"]), (&true.into(), &1.into()), "{written}");
    assert_eq!(bench.done("dnc show +14155550101 --json").json()["suppressed"], true, "it is kept as a list has it");
    let wrong = bench.run("dnc add 4155550100");
    assert!(wrong.code == Some(2) && wrong.err.contains("E.164"), "{wrong:?}");
}

#[test]
fn a_number_that_something_else_suppresses_is_not_said_to_be_allowed() {
    let bench = Bench::with_campaign();
    bench.write("registry.txt", "415,5550100\n");
    for list in ["tps", "national"] {
        bench.done(&format!("dnc import registry.txt --list {list} --scrub-date {}", day(0)));
    }
    bench.done("dnc add +14155550100");
    let removed = bench.done("dnc remove +14155550100 --reason mistake").out;
    assert!(removed.starts_with("it is not called all the same: still on the do-not-call lists national, tps; leads"), "{removed}");
    bench.done("dnc add +14155550101 --campaign spring");
    let shown = bench.done("dnc show +14155550101").out;
    assert!(shown.lines().any(|line| line.starts_with("operator  campaign spring  ")), "{shown}");
    bench.done("dnc add +14155550101");
    let removed = bench.done("dnc remove +14155550101 --campaign spring --reason mistake").out;
    assert!(removed.starts_with("it is not called all the same: still suppressed in every campaign; leads"), "{removed}");
    let removed = bench.done("dnc remove +14155550101 --reason mistake").out;
    assert!(removed.starts_with("it may be called again; leads"), "{removed}");
    bench.done("dnc add +14155550100");
    let removed = bench.done("dnc remove +14155550100 --reason mistake --json").json();
    assert_eq!(removed, serde_json::json!({ "entries": 1, "still": ["list:national", "list:tps"] }));
}

#[test]
fn what_a_person_asked_for_is_kept_over_what_the_operator_wrote() {
    let bench = Bench::with_campaign();
    assert!(bench.done("dnc add +14155550100").out.starts_with("it is called no more;"));
    assert!(bench.done("dnc add +14155550100 --opt-out").out.starts_with("it was on the list already, from now on by opt_out;"));
    for line in ["dnc add +14155550100 --opt-out", "dnc add +14155550100"] {
        assert!(bench.done(line).out.starts_with("it was on the list already;"), "{line}");
    }
    assert!(bench.done("dnc list").out.contains("1 by opt_out"));
}
