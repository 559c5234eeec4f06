//! This machine's clock against the provider's: calling hours and list times hang on it.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::DATE;

use super::Config;
use super::check::Check;
use crate::clock::{Clock, SystemClock};
use crate::domain::time::Timestamp;
use crate::providers::wire::http;

const NAME: &str = "clock";
/// The provider tells whole seconds and its answer takes some time.
const LARGEST_DRIFT: Duration = Duration::from_secs(5);
const WITHIN: Duration = Duration::from_secs(5);

/// Asks the provider what time it is.
pub async fn checks(config: &Config) -> Vec<Check> {
    let url = &config.twilio.base_url;
    vec![match provider_time(url).await {
        Ok(there) => judge(SystemClock.now(), there),
        Err(why) => not_compared(url, why),
    }]
}

/// Why there is nothing to compare with.
#[derive(Debug, Clone, Copy)]
enum NoTime {
    Unreachable,
    NoDate,
}

fn not_compared(url: &str, why: NoTime) -> Check {
    match why {
        NoTime::Unreachable => {
            let fix = "give this machine a way to it, or correct twilio.base_url; keep the clock by NTP in any case";
            Check::note(NAME, format!("not compared: {url} cannot be reached"), fix)
        }
        NoTime::NoDate => {
            let fix = "check that twilio.base_url is the provider's; keep the clock by NTP";
            Check::note(NAME, format!("not compared: {url} answers without a Date header"), fix)
        }
    }
}

/// Every answer tells the time, also one that refuses because of a missing key.
async fn provider_time(url: &str) -> Result<Timestamp, NoTime> {
    let client = http::client("clock", WITHIN, Some(WITHIN)).map_err(|_| NoTime::Unreachable)?;
    let answer = client.get(url).send().await.map_err(|_| NoTime::Unreachable)?;
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    date.and_then(read).ok_or(NoTime::NoDate)
}

fn read(date: &str) -> Option<Timestamp> {
    let moment = DateTimeParser::new().parse_timestamp(date).ok()?;
    Some(Timestamp::from_millis(moment.as_millisecond()))
}

fn judge(here: Timestamp, there: Timestamp) -> Check {
    let apart = here.since(there).max(there.since(here));
    let detail = format!("{:.0} s apart from the telephone provider's", apart.as_secs_f64());
    if apart <= LARGEST_DRIFT { Check::ok(NAME, detail) } else { Check::broken(NAME, detail, "keep this machine's clock by NTP") }
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[tokio::test]
    async fn says_what_there_is_nothing_to_compare_with() {
        // port 9 of loopback: nobody listens there
        let config = Config::from_toml("[twilio]\nbase_url = \"http://127.0.0.1:9\"").unwrap();
        let told = checks(&config).await[0].to_string();
        assert!(told.contains("http://127.0.0.1:9 cannot be reached") && told.contains("twilio.base_url"), "{told}");
    }

    #[test]
    fn reads_the_date_of_an_http_answer() {
        let there = read("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(there.to_string(), "1994-11-06T08:49:37Z");
        assert_eq!(judge(there + Duration::from_secs(4), there).state, State::Ok);
        assert_eq!(judge(there, there + Duration::from_secs(60)).state, State::Broken);
    }
}
