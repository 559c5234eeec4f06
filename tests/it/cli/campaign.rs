use std::process::Stdio;

use insta::{Settings, assert_snapshot};

use super::bench::Bench;

/// Ids and moments vary; the rest may not.
fn steady(check: impl FnOnce()) {
    let mut settings = Settings::clone_current();
    settings.add_filter(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "[id]");
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]");
    settings.bind(check);
}

#[test]
fn a_list_goes_in_and_comes_out() {
    let bench = Bench::with_campaign();
    bench.write("more.csv", "external_id,phone_number,timezone,consent_basis\nb-1,+14155550102,America/Los_Angeles,web\nb-2,12,,web\n");
    let imported = bench.done("leads import --campaign spring more.csv --rejects rejected.csv");
    steady(|| assert_snapshot!("imported", imported.out));
    assert!(bench.read("rejected.csv").contains("\"b-2\""), "{}", bench.read("rejected.csv"));

    bench.done("campaign start spring");
    steady(|| {
        assert_snapshot!("status", bench.done("campaign status spring").out);
        assert_snapshot!("explained", bench.done("campaign explain spring").out);
        assert_snapshot!("leads", bench.done("leads list --campaign spring").out);
        assert_snapshot!("campaigns", bench.done("campaign list").out);
    });

    let exported = bench.done("leads export --campaign spring").out;
    assert_eq!(exported.lines().count(), 4, "{exported}");
    bench.done("leads export --campaign spring --out results.csv");
    assert_eq!(bench.read("results.csv"), exported);

    bench.done("campaign create --name again --file campaign.toml --agent solar-intro");
    let again = bench.done("leads import --campaign again results.csv --dry-run --json").json();
    assert_eq!((&again["accepted"], &again["rejected"]), (&3.into(), &0.into()), "{again}");
}

#[test]
fn refused_rows_are_written_although_nobody_reads_the_answer() {
    let bench = Bench::with_campaign();
    bench.write("more.csv", "phone_number,consent_basis\n12,web\n");
    let mut command = bench.command("leads import --campaign spring more.csv --rejects rejected.csv");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0), "a reader that went away is no failure");
    assert!(bench.read("rejected.csv").contains("too_short"), "{}", bench.read("rejected.csv"));
}

#[test]
fn verbs_say_what_they_did() {
    let bench = Bench::with_campaign();
    let mut said = String::new();
    for line in [
        "campaign create --name draft",
        "campaign start draft",
        "campaign start spring",
        "campaign pause spring",
        "campaign pause spring",
        "campaign resume spring",
        "campaign set spring pace.lines=20 caps.attempts=4",
        "campaign set spring pace.lanes=20",
        "campaign set spring pace.lines=many",
        "campaign set spring callbacks.tolerance=30m callbacks.missed=retry",
        "campaign clone spring --name again",
        "campaign pin spring --agent-version 1",
        "lead cancel +14155550101",
        "queue pause dial",
        "queue resume dial",
        "queue retry finish_call",
        "campaign drain spring",
        "campaign cancel spring",
        "campaign resume spring",
        "call test --to +14155550199",
    ] {
        let ran = bench.run(line);
        said.push_str(&format!("$ callfleet {line}\n{}{}", ran.out, ran.err));
    }
    steady(|| assert_snapshot!("verbs", said));
}

#[test]
fn every_gate_of_a_lead_is_shown_with_what_it_sees() {
    let bench = Bench::with_campaign();
    let said = bench.done("lead explain a-1 --campaign spring").out;
    for (gate, sees) in [("attempt_cap", "0 of 6 calls"), ("day_cap", "0 of 3 in 24 h"), ("country", "US"), ("budget", "no budget is set")]
    {
        assert!(said.lines().any(|line| line.contains(gate) && line.contains(sees)), "{gate}: {said}");
    }
}

#[test]
fn a_file_of_settings_is_told_by_line_and_key() {
    let bench = Bench::with_campaign();
    for (text, told) in [
        ("[pace]\nlanes = 3\n", "wrong.toml, line 2: pace.lanes: `3`: there is no such setting; did you mean pace.lines?"),
        ("law = \"strict\"\n[pace]\nlines = \"many\"\n", "wrong.toml, line 3: pace.lines: `many`: write a whole number, 0 or more"),
        ("\n[hours]\nmonday = \"9 to 5\"\n", "wrong.toml, line 3: hours.monday: `9 to 5`: "),
    ] {
        bench.write("wrong.toml", text);
        for line in ["campaign create --name wrong --file wrong.toml", "campaign change spring --file wrong.toml"] {
            let ran = bench.run(line);
            assert!(ran.code == Some(2) && ran.err.contains(told), "{told}: {ran:?}");
        }
    }
}

#[test]
fn several_wrong_settings_are_a_line_each_in_the_order_in_which_they_were_typed() {
    let bench = Bench::with_campaign();
    let ran = bench.run("campaign set spring ring_timeout_s=5 pace.lines=many colour= pace.weight=2 pace.lanes=20");
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!((ran.code, lines.len()), (Some(2), 5), "{ran:?}");
    for (line, told) in
        lines.iter().zip(["ring_timeout_s: `5`: ", "pace.lines: `many`: ", "colour: `unset`: ", "pace.lanes: `20`: ", "fix: "])
    {
        assert!(line.contains(told), "{told}: {ran:?}");
    }
    let weight = bench.done("campaign status spring --json").json()["settings"]["pace"]["weight"].clone();
    assert_eq!(weight, 1, "what was right beside it is not stored either");
    let twice = bench.run("campaign set spring pace.weight=2 pace.weight=3");
    assert!(twice.code == Some(2) && twice.err == "error: pace.weight is given twice\nfix: give each key one value\n", "{twice:?}");
    let digits = bench.run("campaign set spring transfer_to=4155551234");
    assert!(digits.code == Some(2) && digits.err.contains("for example +14155550123"), "{digits:?}");
}

#[test]
fn who_takes_the_calls_is_shown() {
    let bench = Bench::with_campaign();
    let transfers = |verb: &str| {
        let said = bench.done(&format!("campaign {verb} spring")).out;
        said.lines().find(|line| line.starts_with("transfers")).map(str::to_owned)
    };
    assert_eq!([transfers("status"), transfers("explain")], [None, None]);
    bench.done("campaign set spring transfer_to=+14155550199");
    let told = "to +1415***0199, when a callee asks for a person";
    assert_eq!(transfers("status"), Some(format!("transfers  {told}")));
    assert_eq!(transfers("explain"), Some(format!("transfers {told}")));
}

#[test]
fn an_audit_says_who_changed_what() {
    let bench = Bench::with_campaign();
    assert_eq!(bench.done("campaign set spring pace.lines=20").out, "campaign spring is changed\n");
    assert_eq!(bench.done("campaign set spring pace.lines=20").out, "campaign spring is like that already, nothing has changed\n");
    bench.done("campaign start spring");
    bench.done("campaign pause spring");
    let audit = bench.done("campaign audit spring").out;
    let changes: Vec<&str> = audit.lines().skip(1).collect();
    for (row, words) in changes.iter().zip([
        ["cli", "campaign.state", "running to paused"],
        ["cli", "campaign.state", "draft to running"],
        ["cli", "campaign.settings", "-> 20"],
    ]) {
        assert!(words.iter().all(|word| row.contains(word)), "{words:?}: {audit}");
    }
    assert_eq!(bench.done("campaign audit spring --limit 1").out.lines().count(), 2, "{audit}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::process::Stdio;
    let bench = Bench::with_campaign();
    let mut child = bench.command("leads export --campaign spring").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stderr.is_empty(), "{ended:?}");
}
