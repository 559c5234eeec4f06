//! A running process owns its folder: other verbs ask it, a second one is refused.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::bench::Bench;

const SETTINGS: &str = "[web]\nlisten = \"127.0.0.1:0\"\n[hooks]\nlisten = \"127.0.0.1:0\"\n\
    [twilio]\nbase_url = \"http://127.0.0.1:9\"\naccount_sid = \"AC00000000000000000000000000000000\"\nauth_token = \"t\"\n\
    [deepgram]\nbase_url = \"http://127.0.0.1:9\"\napi_key = \"d\"\n[openai]\nbase_url = \"http://127.0.0.1:9\"\napi_key = \"o\"\n";

/// `callfleet up`, ended with the test.
struct Up(Child);

impl Up {
    /// Returns once it says that it is up; providers that do not answer are no reason not to be.
    fn new(bench: &Bench) -> Self {
        bench.write("callfleet.toml", SETTINGS);
        let mut child = bench.command("--config callfleet.toml up").stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
        let up = told.by_ref().map_while(Result::ok).any(|line| line.contains("callfleet is up"));
        assert!(up, "it ended before it was up");
        // its log goes on; a full pipe would stop it
        std::thread::spawn(move || told.for_each(drop));
        Self(child)
    }

    fn terminate(mut self) -> Option<i32> {
        assert!(Command::new("kill").arg(self.0.id().to_string()).status().unwrap().success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_refused_list_says_why_however_long_it_is() {
    let bench = Bench::with_campaign();
    let _up = Up::new(&bench);
    let rows: String = (0..60_000).map(|row| format!("415,{}\n", 2_000_000 + row)).collect();
    bench.write("registry.txt", &rows);
    for _ in 0..10 {
        let refused = bench.run("dnc import registry.txt --scrub-date 2020-01-01");
        assert!(refused.code == Some(1) && refused.err.contains("too old"), "{refused:?}");
    }
    for (options, told) in [("--campaign winter", "campaign `winter`"), ("--campaign spring --region XX", "`XX` is not a country")] {
        let refused = bench.run(&format!("leads import registry.txt {options}"));
        assert!(refused.code == Some(1) && refused.err.contains(told), "{refused:?}");
    }
}

#[test]
fn verbs_ask_the_process_that_owns_the_folder() {
    let bench = Bench::with_campaign();
    let up = Up::new(&bench);
    let address = bench.read("data/api-address");
    assert!(address.starts_with("127.0.0.1:"), "{address}");

    assert_eq!(bench.run("campaign pause spring").code, Some(1), "a draft cannot be paused");
    bench.done("leads import --campaign spring leads.csv");
    assert_eq!(bench.done("campaign status spring --json").json()["total"], 2);
    assert_eq!(bench.done("leads export --campaign spring").out.lines().count(), 3);
    let explained = bench.done("campaign explain spring --json").json();
    let gate = |name: &str| explained["gates"].as_array().unwrap().iter().find(|gate| gate["gate"] == name).unwrap()["open"].clone();
    assert_eq!(gate("lines"), true, "a worker lives in the process: {explained}");

    let second = bench.run("--config callfleet.toml up");
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.err.contains("in use by process"), "{second:?}");

    assert_eq!(up.terminate(), Some(0));
    assert!(!bench.path().join("data/api-address").exists());
    bench.done("campaign list");
}

#[test]
fn an_address_that_was_left_behind_misleads_nobody() {
    let (bench, other) = (Bench::with_campaign(), Bench::new());
    let _up = Up::new(&other);
    std::fs::copy(other.path().join("data/api-address"), bench.path().join("data/api-address")).unwrap();
    assert_eq!(bench.done("campaign list --json").json()["campaigns"][0]["name"], "spring");
}

#[test]
fn the_doctor_finds_what_is_missing() {
    let bench = Bench::new();
    let away = "base_url = \"http://127.0.0.1:9\"";
    bench.write("callfleet.toml", &format!("[hooks]\nlisten = \"127.0.0.1:0\"\n[twilio]\n{away}\n[deepgram]\n{away}\n[openai]\n{away}\n"));
    let ran = bench.run("--config callfleet.toml doctor --json");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let checks = ran.json();
    let state = |name: &str| checks["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap()["state"].clone();
    assert_eq!((state("settings"), state("provider keys"), state("data folder")), ("ok".into(), "broken".into(), "ok".into()), "{checks}");

    let told = bench.run("--config callfleet.toml doctor");
    assert!(told.out.contains("✖ provider keys: twilio.account_sid is missing\n    fix: set it"), "{told:?}");
    assert!(told.out.contains("! clock: not compared: http://127.0.0.1:9 cannot be reached"), "{told:?}");
    let missing = "twilio.account_sid, twilio.auth_token, deepgram.api_key, openai.api_key are missing";
    assert!(told.out.contains(&format!("! providers: not asked: {missing}")), "{told:?}");
}
