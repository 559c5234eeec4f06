//! Error reports reach a server that speaks Sentry's ingest protocol, with what a person has to look at and nothing about people.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use callfleet::config::{Config, Sentry};
use callfleet::telemetry::Reports;
use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::database::until;
use crate::support::embedded::{ANY_HOUR, Embedded};

const SENT_WITHIN: Duration = Duration::from_secs(30);
const END: Duration = Duration::from_secs(20);
const ATTEMPT: &str = "01939f2e-6b1c-7c9a-8d3e-5f0a1b2c3d4e";
const CAMPAIGN: &str = "01939f2e-0000-7c9a-8d3e-5f0a1b2c3d4e";
/// What belongs to people, and to nobody else.
const SECRETS: [&str; 6] =
    ["4155550123", "I sleep badly since she died", "sk-live-0123456789abcdef", "Annabelle", "Sycamore", "f00dfeedf00dfeedf00dfeedf00d1234"];

/// The other end: keeps every event it is sent.
struct Ingest {
    dsn: String,
    events: Arc<Mutex<Vec<Value>>>,
    raw: Arc<Mutex<String>>,
}

impl Ingest {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let dsn = format!("http://0123456789abcdef0123456789abcdef@{}/42", listener.local_addr().unwrap());
        let (events, raw) = (Arc::default(), Arc::default());
        let ingest = Self { dsn, events: Arc::clone(&events), raw: Arc::clone(&raw) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let body = request(&stream);
                raw.lock().unwrap().push_str(&body);
                // an envelope is one JSON document a line: its head, then each item's head and body
                let lines = body.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
                events.lock().unwrap().extend(lines.filter(|line| line.get("event_id").is_some() && line.get("timestamp").is_some()));
                answer(&stream);
            }
        });
        ingest
    }

    fn events(&self) -> Vec<Value> {
        self.events.lock().unwrap().clone()
    }

    fn knows_no(&self, secret: &str) {
        let raw = self.raw.lock().unwrap();
        assert!(!raw.contains(secret), "`{secret}` was sent: {raw}");
    }
}

/// The body of one request.
fn request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

fn answer(mut stream: &TcpStream) {
    // whoever does not wait for it has what it wanted
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
}

fn settings(dsn: &str) -> Sentry {
    let toml = format!("[sentry]\ndsn = \"{dsn}\"\nenvironment = \"staging\"\n");
    Config::from_toml(&toml).unwrap().sentry
}

#[test]
fn reports_name_the_attempt_and_nothing_of_a_person() {
    let ingest = Ingest::start();
    let reports = Reports::open(&settings(&ingest.dsn), "worker").unwrap().unwrap();
    reports.hear_panics();
    let subscriber = tracing_subscriber::registry().with(reports.layer());
    tracing::subscriber::with_default(subscriber, go_wrong);
    drop(reports);

    let events = ingest.events();
    let messages: Vec<&str> = events.iter().filter_map(|event| event["message"].as_str()).collect();
    assert_eq!(messages, ["a call went wrong", "*** was refused"], "{events:?}");
    for event in &events {
        let tags = &event["tags"];
        assert_eq!(
            (&tags["attempt.id"], &tags["campaign.id"], &tags["role"]),
            (&ATTEMPT.into(), &CAMPAIGN.into(), &"worker".into()),
            "{event}"
        );
        assert_eq!(
            (&event["environment"], &event["release"]),
            (&"staging".into(), &concat!("callfleet@", env!("CARGO_PKG_VERSION")).into())
        );
    }
    assert_eq!(events[0]["extra"]["error"], "invalid type: string …, expected u64", "{}", events[0]);
    let panics: Vec<&Value> = events.iter().filter(|event| event["level"] == "fatal").collect();
    let kind = panics[0]["exception"]["values"][0]["type"].as_str().unwrap();
    assert!(panics.len() == 1 && kind.starts_with("panic at tests/it/embedded/error_reports.rs:"), "{panics:?}");
    SECRETS.into_iter().for_each(|secret| ingest.knows_no(secret));
}

/// Everything a careless line could hold, in a call's span, and a panic that quotes what was said.
fn go_wrong() {
    let [phone, said, key, name, street, token] = SECRETS;
    let span = tracing::error_span!("call", attempt.id = ATTEMPT, campaign.id = tracing::field::Empty, lead.phone = phone);
    span.record("campaign.id", CAMPAIGN);
    let _inside = span.enter();
    let error = format!("invalid type: string \"{said}\", expected u64");
    tracing::error!(error, phone = phone, transcript = said, api_key = key, first_name = name, vars.street = street, "a call went wrong");
    tracing::error!(token, "+1{phone} was refused");
    tracing::warn!("no report is made of a warning");
    let broken = std::panic::catch_unwind(|| panic!("+1{phone} said {said} with {key} to {name} in {street} for {token}"));
    assert!(broken.is_err());
}

#[test]
fn a_dsn_is_optional_and_must_be_one() {
    assert!(Reports::open(&settings(""), "up").unwrap().is_none());
    let refused = Config::from_toml("[sentry]\ndsn = \"sentry.example/secret-key\"").expect_err("it is no DSN");
    assert!(refused.0.starts_with("sentry.dsn") && refused.0.contains("https://key@host/project"), "{refused}");
    assert!(!refused.0.contains("secret-key"), "{refused}");
}

/// The real process: a dial is refused for a reason only a person can mend.
#[tokio::test]
async fn a_halted_campaign_is_reported_by_the_process() {
    let ingest = Ingest::start();
    let people = "default_persona = \"barred\"\n[personas.barred]\nbehaviour = \"refused\"\ncode = 21210\n";
    let deployment = Embedded::start(people);
    let mut command = deployment.command("up");
    command.env("CALLFLEET__SENTRY__DSN", &ingest.dsn);
    let mut up = deployment.up_as(command);
    let settings = format!("caller_numbers = [\"+14155550200\"]\n{ANY_HOUR}");
    let list = "external_id,phone_number,first_name,timezone,consent_basis\na-1,+14155550123,Annabelle,America/Los_Angeles,web form\n";
    deployment.begin(&settings, list);
    let refusal = until("the refusal is reported", SENT_WITHIN, async || {
        let events = ingest.events();
        events.into_iter().find(|event| event["message"].as_str().is_some_and(|message| message.starts_with("dial refused")))
    })
    .await;
    assert_eq!((&refusal["tags"]["role"], &refusal["tags"]["code"]), (&"up".into(), &"21210".into()), "{refusal}");
    assert_eq!(refusal["tags"]["attempt.id"].as_str().map(str::len), Some(36), "{refusal}");
    up.terminate();
    assert!(up.ended(END).success());
    ["4155550123", "4155550200", "Annabelle", "simulated-auth-token"].into_iter().for_each(|secret| ingest.knows_no(secret));
}
