//! `callfleet doctor` beside a running `callfleet up`: does `public_url` lead to it, and what is to be done when it does not?

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use serde_json::Value;

use crate::support::embedded::Embedded;
use crate::support::port::Port;
use crate::support::process::Process;
use crate::trials::chaos::{ChaosProxy, Fault};

const ANSWERS: Duration = Duration::from_secs(60);
const PUBLIC_URL: &str = "CALLFLEET__PUBLIC_URL";
const DEMO: &str = include_str!("../../../config/demo/scenario.toml");

/// What the doctor found, with settings of the test's own.
struct Found {
    code: Option<i32>,
    checks: Vec<Value>,
}

impl Found {
    fn by(deployment: &Embedded, env: &[(&str, &str)]) -> Self {
        let mut command = deployment.command("doctor --json");
        command.envs(env.iter().copied());
        let mut doctor = Process::start("doctor", command);
        let code = doctor.ended(ANSWERS).code();
        let report: Value = serde_json::from_str(&doctor.out()).unwrap();
        assert_eq!(report["healthy"], code == Some(0), "{report}");
        Self { code, checks: report["checks"].as_array().unwrap().clone() }
    }

    /// The last word about a subject: what was seen, and what to do.
    fn last(&self, name: &str) -> (&str, &str, &str) {
        let check = self.checks.iter().rfind(|check| check["name"] == name).unwrap_or_else(|| panic!("nothing about {name}"));
        (text(&check["state"]), text(&check["detail"]), text(&check["fix"]))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn a_nonce_comes_back_through_the_public_address() {
    let deployment = Embedded::start(DEMO);
    let _up = deployment.up();
    let found = Found::by(&deployment, &[]);
    assert_eq!(found.last("public_url"), ("ok", "leads to this deployment", ""));
    assert!(found.last("data folder").1.contains("belongs to a running process"), "{:?}", found.checks);
    assert_eq!(found.code, Some(0), "{:?}", found.checks);
}

#[test]
fn an_address_that_leads_elsewhere_or_nowhere_comes_with_its_fix() {
    let deployment = Embedded::start(DEMO);
    let _up = deployment.up();
    let elsewhere = format!("http://{}", stranger());
    let closed = Port::take();
    let nowhere = format!("http://{}", closed.address());
    let unknown = "https://nobody.invalid";
    for (url, seen) in
        [(elsewhere.as_str(), "something else answers there"), (nowhere.as_str(), "cannot connect"), (unknown, "does not resolve")]
    {
        let found = Found::by(&deployment, &[(PUBLIC_URL, url)]);
        let (state, detail, fix) = found.last("public_url");
        assert_eq!((state, found.code), ("broken", Some(1)), "{url}: {detail}");
        assert!(detail.contains(seen), "{url}: {detail}");
        let told = if url == unknown { "correct public_url".to_owned() } else { format!("let {url} lead to {}", deployment.public()) };
        assert!(fix.contains(&told), "{url}: {fix}");
    }
}

#[test]
fn another_deployment_is_not_taken_for_this_one() {
    let deployment = Embedded::start(DEMO);
    let mut other = deployment.command("--data other up");
    let (port, token) = (Port::take(), "CALLFLEET__TWILIO__AUTH_TOKEN");
    let public = port.address();
    other.envs([("CALLFLEET__HOOKS__LISTEN", public.to_string().as_str()), (token, "a token of somebody else")]);
    let _other = deployment.up_as(other);
    let found = Found::by(&deployment, &[(PUBLIC_URL, &format!("http://{public}"))]);
    let (state, detail, fix) = found.last("public_url");
    assert!(state == "broken" && detail.contains("another deployment") && fix.contains("twilio.auth_token"), "{detail}: {fix}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_certificate_is_named_and_not_taken() {
    let deployment = Embedded::start(DEMO);
    let _up = deployment.up();
    let expired = ChaosProxy::start(deployment.public(), |_| Fault::ExpiredTls).await.unwrap();
    let url = format!("https://{}", expired.addr());
    let found = Found::by(&deployment, &[(PUBLIC_URL, &url), ("CALLFLEET__OPENAI__BASE_URL", &format!("{url}/v1"))]);
    for (name, told) in [("public_url", "certificate"), ("openai", "openai.base_url")] {
        let (state, detail, fix) = found.last(name);
        assert!(state == "broken" && detail.contains("certificate expired") && fix.contains(told), "{name}: {detail}: {fix}");
    }
    assert_eq!((found.code, expired.trusted()), (Some(1), 0));
}

/// Answers everything with a page; it ends with the process.
fn stranger() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nwelcome");
        }
    });
    addr
}
