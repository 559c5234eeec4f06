use insta::assert_snapshot;

use super::bench::Bench;

#[test]
fn help_names_every_verb() {
    let bench = Bench::new();
    assert_snapshot!("help", bench.done("--help").out);
    for noun in ["campaign", "leads", "queue", "call", "agent"] {
        assert_snapshot!(format!("help_{noun}"), bench.done(&format!("{noun} --help")).out);
    }
    assert!(bench.done("leads import --help").out.contains("Example: callfleet leads import"));
}

#[test]
fn without_words_it_shows_its_help() {
    let bench = Bench::new();
    for (line, verb) in [("", "doctor"), ("campaign", "start"), ("lead", "explain")] {
        let ran = bench.run(line);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains("Commands:") && ran.err.contains(verb) && ran.err.contains("Example: "), "{ran:?}");
    }
}

#[test]
fn empty_states_say_what_to_do_next() {
    let bench = Bench::new();
    let mut said = String::new();
    for line in ["campaign list", "agent list", "call list", "cost"] {
        said.push_str(&bench.done(line).out);
    }
    assert_snapshot!("empty_states", said);
    assert_snapshot!("empty_queues", bench.done("queue list").out);
}

#[test]
fn scripts_get_json_and_nothing_else() {
    let bench = Bench::new();
    assert_eq!(bench.done("campaign list --json").json(), serde_json::json!({ "campaigns": [] }));
    let refused = bench.run("campaign status winter --json");
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    let error: serde_json::Value = serde_json::from_str(&refused.err).unwrap();
    assert_eq!(error["error"]["code"], "not_found");
}
