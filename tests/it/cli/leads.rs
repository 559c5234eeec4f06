//! Bringing leads in and taking them back, as an operator does.

use super::bench::Bench;

const MORE: &str = "external_id,phone_number,first_name,consent_basis\n\
    b-1,+14155550100,Maria,web form\n\
    b-2,+14155550110,Ann,web form\n\
    b-3,12,Bo,web form\n";

#[test]
fn a_dry_run_says_what_would_change() {
    let bench = Bench::with_campaign();
    bench.write("more.csv", MORE);
    let told = bench.done("leads import --campaign spring more.csv --update --dry-run").out;
    insta::assert_snapshot!("dry_run", told);
    let diff = bench.done("leads import --campaign spring more.csv --update --dry-run --json").json()["diff"].clone();
    assert_eq!(diff["updated"][0]["changes"]["external_id"], serde_json::json!(["a-1", "b-1"]), "{diff}");
    assert_eq!(diff["new"][0]["phone_number"], "+1415***0110", "{diff}");
    assert_eq!(bench.done("campaign status spring --json").json()["total"], 2);
}

#[test]
fn an_import_can_be_taken_back() {
    let bench = Bench::with_campaign();
    bench.write("more.csv", MORE);
    let before = bench.done("leads export --campaign spring").out;
    let done = bench.done("leads import --campaign spring more.csv --update --json").json();
    let id = done["import_id"].as_str().unwrap().to_owned();
    assert_ne!(bench.done("leads export --campaign spring").out, before);
    let undone = bench.done(&format!("leads undo {id} --json")).json();
    assert_eq!((&undone["removed"], &undone["restored"], &undone["kept"]), (&1.into(), &1.into(), &0.into()), "{undone}");
    assert_eq!(bench.done("leads export --campaign spring").out, before);
    let again = bench.done(&format!("leads undo {id}"));
    assert!(again.out.contains("the import was taken back already"), "{again:?}");
    let imports = bench.done("leads imports --campaign spring").out;
    let row = imports.lines().find(|line| line.starts_with(&id)).unwrap_or_else(|| panic!("{imports}"));
    let words: Vec<&str> = row.split_whitespace().take(4).collect();
    assert_eq!(words, [id.as_str(), "more.csv", "undone", "3"], "{imports}");
    for id in ["00000000-0000-7000-8000-000000000000", "nonsense"] {
        let unknown = bench.run(&format!("leads undo {id}"));
        assert!(unknown.code == Some(1) && unknown.err.contains("there is no import"), "{unknown:?}");
        assert!(unknown.err.contains("callfleet leads imports --campaign NAME shows them all"), "{unknown:?}");
    }
}

#[test]
fn nothing_is_imported_when_refused_rows_could_not_be_written() {
    let bench = Bench::with_campaign();
    bench.write("more.csv", MORE);
    std::fs::create_dir(bench.path().join("folder")).unwrap();
    for (line, to) in [("--rejects missing/rejected.csv", "missing/rejected.csv"), ("--rejects folder", "folder")] {
        let ran = bench.run(&format!("leads import --campaign spring more.csv {line}"));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains(&format!("{to} cannot be written, and nothing was imported")), "{ran:?}");
        assert_eq!(bench.done("campaign status spring --json").json()["total"], 2);
    }
}

#[test]
fn refused_rows_of_an_earlier_import_are_not_taken_for_those_of_this_one() {
    let bench = Bench::with_campaign();
    bench.write("more.csv", MORE);
    bench.done("leads import --campaign spring more.csv --rejects rejected.csv");
    assert!(bench.read("rejected.csv").contains("too_short"), "{}", bench.read("rejected.csv"));
    let clean = bench.done("leads import --campaign spring leads.csv --rejects rejected.csv");
    assert!(clean.out.ends_with("no row was refused; rejected.csv, which was there before, is removed\n"), "{clean:?}");
    assert!(!bench.path().join("rejected.csv").exists());
    let again = bench.done("leads import --campaign spring leads.csv --rejects rejected.csv");
    assert!(!again.out.contains("rejected.csv") && !bench.path().join("rejected.csv").exists(), "{again:?}");
}

#[test]
fn refused_rows_never_take_the_place_of_their_list() {
    let bench = Bench::with_campaign();
    let list = "phone_number\n+14155550199\nnonsense\n";
    bench.write("again.csv", list);
    std::os::unix::fs::symlink("again.csv", bench.path().join("link.csv")).unwrap();
    for (name, more) in [("again.csv", ""), ("again.csv", " --dry-run"), ("link.csv", "")] {
        let ran = bench.run(&format!("leads import --campaign spring again.csv --rejects {name}{more}"));
        assert!(ran.code == Some(1) && ran.err.contains("is the list itself, and nothing was imported"), "{ran:?}");
        assert_eq!(bench.read("again.csv"), list);
    }
    assert_eq!(bench.done("campaign status spring --json").json()["total"], 2);
}

#[test]
fn a_number_on_two_lists_needs_its_campaign() {
    let bench = Bench::with_campaign();
    bench.done("campaign create --name autumn --file campaign.toml --agent solar-intro");
    bench.done("leads import --campaign autumn leads.csv");
    for verb in ["show", "explain", "retry", "cancel"] {
        let several = bench.run(&format!("lead {verb} +14155550100"));
        assert!(several.code == Some(1) && several.err.contains("say which: --campaign NAME"), "{verb}: {several:?}");
    }
    // It is one person who is meant, not all that are parked: whoever was never called is not called again.
    let retried = bench.run("lead retry +14155550100 --campaign autumn");
    assert!(retried.code == Some(1) && retried.err.contains("+14155550100 is new"), "{retried:?}");
    let advice = retried.err.lines().find_map(|line| line.strip_prefix("fix: callfleet ")?.strip_suffix(" shows it"));
    bench.done(advice.unwrap_or_else(|| panic!("{retried:?}")));
    bench.done("lead cancel a-1 --campaign autumn");
    for (campaign, state) in [("spring", "new"), ("autumn", "cancelled")] {
        let shown = bench.done(&format!("lead show +14155550100 --campaign {campaign} --json")).json();
        assert_eq!(shown["lead"]["state"], state, "{shown}");
    }
    let parked = bench.done("leads retry --parked --campaign spring");
    assert!(parked.out.starts_with("0 parked leads of spring"), "{parked:?}");
}
