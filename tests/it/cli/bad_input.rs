use std::net::TcpListener;

use insta::assert_snapshot;

use super::bench::{Bench, Ran};

const KEYS: &str = "[twilio]\naccount_sid = \"AC00000000000000000000000000000000\"\nauth_token = \"t\"\n\
    [deepgram]\napi_key = \"d\"\n[openai]\napi_key = \"o\"\n";

/// One line that names the key, and exit code 2.
fn refused_settings(toml: &str, verb: &str, named: &[&str]) {
    let bench = Bench::new();
    bench.write("callfleet.toml", toml);
    let ran = bench.run(&format!("--config callfleet.toml {verb}"));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert_eq!(ran.err.trim_end().lines().count(), 1, "{ran:?}");
    for part in named {
        assert!(ran.err.contains(part), "{part}: {ran:?}");
    }
}

#[test]
fn settings_that_cannot_be_are_refused_in_one_line() {
    refused_settings("[twilio]\nbase_uri = \"x\"\n", "campaign list", &["base_uri", "callfleet.toml", "remove it or correct its name"]);
    refused_settings("[worker]\nlines = \"many\"\n", "campaign list", &["worker.lines", "callfleet.toml"]);
    refused_settings("mode = \"fleet\"\n", "campaign list", &["postgres.url", "CALLFLEET__POSTGRES__URL"]);
    refused_settings("", "up", &["twilio.account_sid", "CALLFLEET__TWILIO__ACCOUNT_SID"]);
    refused_settings("", "worker", &["mode", "callfleet up"]);
}

/// What each refusal has to name: key, place and fix.
#[test]
fn settings_are_refused_by_key_place_and_fix() {
    let bench = Bench::new();
    bench.write("empty", " \n");
    for (toml, named) in [
        ("data = \"x\"\nmode = embedded\n", ["callfleet.toml:2:", "write TOML there"]),
        ("[twilio]\naccount_sid = \"AC1\n", ["callfleet.toml:2:", "write TOML there"]),
        ("[worker]\nlines = 3\nlines = 4\n", ["callfleet.toml:3:", "write TOML there"]),
        ("data = \"x\"\n[twilio]\nbase_uri = \"x\"\n", ["twilio.base_uri (callfleet.toml:3:1)", "remove it or correct its name"]),
        ("[worker]\n\nlines = \"many\"\n", ["worker.lines (callfleet.toml:3:1)", "write it as in config/default.toml"]),
        ("[worker]\nlines = 0\n", ["worker.lines (callfleet.toml:2:1) = 0 cannot be used", "at least one line"]),
        (
            "[twilio]\nauth_token_file = \"nowhere\"\n",
            ["twilio.auth_token_file (callfleet.toml:2:1)", "give a readable file with the secret alone"],
        ),
        ("[twilio]\nauth_token_file = \"empty\"\n", ["twilio.auth_token_file (callfleet.toml:2:1)", "empty is empty"]),
        ("[twilio]\nbase_url = \"api.twilio.com\"\n", ["twilio.base_url (callfleet.toml:2:1)", "write it like https://api.twilio.com"]),
        ("[deepgram]\nbase_url = \"wss://api.deepgram.com\"\n", ["deepgram.base_url (callfleet.toml:2:1)", "begin it with https://"]),
        ("[openai]\nbase_url = \"https://h/v1?key=1\"\n", ["openai.base_url (callfleet.toml:2:1)", "leave out what begins with `?`"]),
        ("public_url = \"http://example.com\"\n", ["public_url (callfleet.toml:1:1)", "use https://"]),
        (
            "[postgres]\nurl = \"mysql://user:secret@host/db\"\n",
            ["postgres.url (callfleet.toml:2:1) cannot be used", "begin it with postgres://"],
        ),
        ("[redis]\nurl = \"host:6379\"\n", ["redis.url (callfleet.toml:2:1) cannot be used", "redis://host:6379/0"]),
        ("prices_file = \"nowhere.toml\"\n", ["prices_file: nowhere.toml cannot be read", "write it as config/prices.toml"]),
        ("prices_file = \"campaign.toml\"\n", ["prices_file: campaign.toml:1:", "write it as config/prices.toml"]),
    ] {
        bench.write("callfleet.toml", toml);
        one_refusal(&bench.run("--config callfleet.toml campaign list"), &named);
    }
    bench.write("callfleet.toml", "");
    let named = ["twilio.account_sid is missing", "in callfleet.toml, or in the environment as CALLFLEET__TWILIO__ACCOUNT_SID"];
    one_refusal(&bench.run("--config callfleet.toml up"), &named);
    one_refusal(&bench.run("up"), &["twilio.account_sid is missing", "in a file given by --config"]);
}

/// One line on standard error with these words, nothing on standard output, exit code 2.
fn one_refusal(ran: &Ran, named: &[&str]) {
    assert_eq!((ran.code, ran.err.lines().count(), ran.out.as_str()), (Some(2), 1, ""), "{named:?}: {ran:?}");
    assert!(named.iter().all(|words| ran.err.contains(words)) && !ran.err.contains("secret@"), "{named:?}: {ran:?}");
}

#[test]
fn the_environment_is_named_by_its_variable() {
    let bench = Bench::new();
    for (variable, value, named) in [
        ("CALLFLEET__WORKER__LINES", "many", ["worker.lines (CALLFLEET__WORKER__LINES in the environment)", "config/default.toml"]),
        ("CALLFLEET__WORKER__LINES", "0", ["worker.lines (CALLFLEET__WORKER__LINES in the environment) = 0", "at least one line"]),
        (
            "CALLFLEET__OPENAI__BASE_URL",
            "api.openai.com",
            ["(CALLFLEET__OPENAI__BASE_URL in the environment)", "https://api.openai.com/v1"],
        ),
        ("CALLFLEET__TWILIO__SID", "AC1", ["(CALLFLEET__TWILIO__SID in the environment)", "remove it or correct its name"]),
    ] {
        let ran: Ran = bench.command("campaign list").env(variable, value).output().unwrap().into();
        one_refusal(&ran, &named);
    }
}

#[test]
fn files_that_cannot_be_parsed_are_refused_by_their_place() {
    let bench = Bench::new();
    bench.write("agent.toml", "name = \"a\"\ncompany \"b\"\n");
    bench.write("agent.json", "{\"name\": \"a\",\n \"company\" \"b\"}");
    bench.write("campaign.toml", "caller_numbers = [\"+14155550200\"]\n[pace\nlines = 3\n");
    bench.write("scenario.toml", "[pace]\nms_per_word = \n");
    for (line, named) in [
        ("agent save agent.toml", ["agent.toml:2:", "write TOML there"]),
        ("agent save agent.json", ["agent.json:2:", "correct the JSON there"]),
        ("campaign create --name spring --file campaign.toml", ["campaign.toml:2:", "write TOML there"]),
        ("campaign change spring --file campaign.toml", ["campaign.toml:2:", "write TOML there"]),
        ("simulator --scenario scenario.toml", ["scenario.toml:2:", "write TOML there"]),
    ] {
        one_refusal(&bench.run(line), &named);
    }
}

#[test]
fn own_prices_are_in_force() {
    let bench = Bench::new();
    let saved = bench.done("agent save agent.toml").out;
    assert!(!saved.contains("warning"), "{saved}");
    bench.write("agent.toml", &bench.read("agent.toml").replace("simple = \"gpt-6-luna\"", "simple = \"house-model\""));
    assert!(bench.done("agent save agent.toml").out.contains("no price is known for house-model"), "it has none yet");
    bench.write(
        "prices.toml",
        "[[llm]]\nmodel = \"house-model\"\neffective_from = \"2026-01-01T00:00:00Z\"\ninput = 0.01\ncached = 0.01\noutput = 0.02\nsource = \"ours\"\n",
    );
    bench.write("callfleet.toml", "prices_file = \"prices.toml\"\n");
    let saved = bench.done("--config callfleet.toml agent save agent.toml").out;
    assert!(!saved.contains("warning"), "{saved}");
}

#[test]
fn a_missing_settings_file_is_named() {
    let ran = Bench::new().run("--config nowhere.toml campaign list");
    assert_snapshot!("no_settings_file", ran.text());
}

#[test]
fn the_environment_counts_as_settings() {
    let bench = Bench::new();
    let ran = bench.command("campaign list").env("CALLFLEET__DATA", "elsewhere").output().unwrap();
    assert!(ran.status.success());
    assert!(bench.path().join("elsewhere/callfleet.db").exists());
    let ran = bench.command("campaign list").env("CALLFLEET__WORKER__LINES", "many").output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
}

#[test]
fn a_taken_port_is_named_with_its_key() {
    let bench = Bench::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    bench.write("callfleet.toml", &format!("{KEYS}[web]\nlisten = \"{listen}\"\n"));
    let ran = bench.run("--config callfleet.toml up");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains(&listen.to_string()) && ran.err.contains("web.listen"), "{ran:?}");
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    let bench = Bench::new();
    bench.done("campaign list");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use sqlx::Connection as _;
        let url = format!("sqlite://{}", bench.path().join("data/callfleet.db").display());
        let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let newer =
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', TRUE, x'00', 0)";
        sqlx::query(newer).execute(&mut database).await.unwrap();
        database.close().await.unwrap();
    });
    let ran = bench.run("campaign list");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("9999") && ran.err.contains("newer callfleet"), "{ran:?}");
}

#[test]
fn a_database_that_another_program_has_locked_is_named() {
    let bench = Bench::new();
    bench.done("campaign list");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _locked = runtime.block_on(async {
        use sqlx::{ConnectOptions as _, Executor as _};
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(bench.path().join("data/callfleet.db"));
        let mut database = options.locking_mode(sqlx::sqlite::SqliteLockingMode::Exclusive).connect().await.unwrap();
        database.execute("BEGIN EXCLUSIVE").await.unwrap();
        database
    });
    let ran = bench.run("campaign list");
    assert_eq!((ran.code, ran.err.lines().count()), (Some(1), 1), "{ran:?}");
    assert!(ran.err.contains("locked by another program") && ran.err.contains("then try again"), "{ran:?}");
}

#[test]
fn lists_that_cannot_be_used_import_nothing() {
    let bench = Bench::with_campaign();
    bench.write("names.csv", "name,city\nAnn,Oakland\n");
    bench.write("empty.csv", "");
    std::fs::write(bench.path().join("latin.csv"), b"phone,name\n+14155550100,Jos\xe9\n").unwrap();
    let mut said = String::new();
    bench.write("header.csv", "phone,name\n");
    for file in ["names.csv", "empty.csv", "header.csv", "latin.csv", "nowhere.csv", "data"] {
        said.push_str(&bench.run(&format!("leads import --campaign spring {file}")).text());
    }
    assert_snapshot!("unusable_lists", said);
    assert_eq!(bench.done("campaign status spring --json").json()["total"], 2);
}

#[test]
fn unknown_things_are_named_with_a_way_on() {
    let bench = Bench::new();
    let mut said = String::new();
    for line in ["campaign start winter", "call show seven", "queue pause mail", "queue retry seven", "agent show nobody"] {
        said.push_str(&bench.run(line).text());
    }
    assert_snapshot!("unknown_things", said);
}

#[test]
fn a_number_is_checked_before_anything_is_asked() {
    let ran = Bench::new().run("call test --to 4155550123");
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("--to") && ran.err.contains("for example +14155550123"), "{ran:?}");
}
