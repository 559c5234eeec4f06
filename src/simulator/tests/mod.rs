//! The simulated telephone network over real sockets: a small server plays the customer's side.

mod amd;
mod customer;
mod demo;
mod faults;
mod life;
mod media;
mod rest;
mod twiml;

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use super::twilio::TwilioScenario;
use super::{Scenario, Simulator, SimulatorSettings, TruthKind};
use customer::Customer;

/// Quick people, so that a test takes a second.
const PACE: &str =
    "[pace]\nsetup_ms = 5\nring_ms = [10, 20]\nms_per_word = 60\nreply_after_ms = 80\nhello_after_ms = 40\npatience_ms = 3000\n";
const TO: &str = "+14155550123";
const FROM: &str = "+14155550199";

/// A simulator, its customer, and a client of the REST API.
struct Rig {
    simulator: Simulator,
    customer: Customer,
    http: reqwest::Client,
    account: TwilioScenario,
}

impl Rig {
    async fn with(scenario: &str) -> Self {
        let scenario = Scenario::from_toml(&format!("{scenario}\n{PACE}")).unwrap();
        let account = scenario.twilio.clone();
        let simulator = Simulator::start(SimulatorSettings::on_loopback(scenario, 7)).await.unwrap();
        let customer = Customer::start(&account.auth_token).await;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().unwrap();
        Self { simulator, customer, http, account }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/2010-04-01/Accounts/{}{path}", self.simulator.base_url(), self.account.account_sid)
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.get_absolute(&self.url(path)).await
    }

    async fn get_absolute(&self, url: &str) -> (StatusCode, Value) {
        let request = self.http.get(url).basic_auth(&self.account.account_sid, Some(&self.account.auth_token));
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let answer = self.try_post(path, form).await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn try_post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Result<reqwest::Response> {
        let request = self.http.post(self.url(path)).basic_auth(&self.account.account_sid, Some(&self.account.auth_token));
        request.form(form).send().await
    }

    /// Calls with all four progress events; gives the sid.
    async fn call(&self, to: &str, twiml: &str, more: &[(&str, &str)]) -> String {
        let status = self.customer.url("/status");
        let mut form = vec![("To", to), ("From", FROM), ("Twiml", twiml), ("StatusCallback", &status)];
        form.extend(["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event)));
        form.extend(more);
        let (status, call) = self.post("/Calls.json", &form).await;
        assert_eq!(status, StatusCode::CREATED, "{call}");
        call["sid"].as_str().unwrap().to_owned()
    }

    /// TwiML that connects to the customer's media socket and apologises when that ends.
    fn connect(&self) -> String {
        let url = self.customer.media_url();
        format!(
            "<Response><Connect><Stream url=\"{url}\"><Parameter name=\"token\" value=\"t-1\"/></Stream></Connect>\
             <Say>Sorry goodbye</Say><Hangup/></Response>"
        )
    }

    /// Every line of the truth log so far, as `event`, `event:words` or `event:status`.
    fn truth(&self) -> Vec<String> {
        let line = |line: super::TruthLine| {
            let event = serde_json::to_value(line.event).unwrap().as_str().unwrap().to_owned();
            match line.words.or(line.status) {
                Some(more) => format!("{event}:{more}"),
                None => event,
            }
        };
        self.simulator.truth().lines().into_iter().map(line).collect()
    }

    fn count(&self, event: TruthKind) -> usize {
        self.simulator.truth().lines().iter().filter(|line| line.event == event).count()
    }
}
