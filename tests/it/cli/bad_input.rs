use std::net::TcpListener;

use insta::assert_snapshot;

use super::bench::Bench;

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
