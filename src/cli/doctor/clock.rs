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
    vec![match provider_time(&config.twilio.base_url).await {
        Some(there) => judge(SystemClock.now(), there),
        None => Check::note(NAME, "the telephone provider tells no time, so this clock was not compared", "keep it by NTP"),
    }]
}

async fn provider_time(url: &str) -> Option<Timestamp> {
    let client = http::client("clock", WITHIN, Some(WITHIN)).ok()?;
    let answer = client.get(url).send().await.ok()?;
    read(answer.headers().get(DATE)?.to_str().ok()?)
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

    #[test]
    fn reads_the_date_of_an_http_answer() {
        let there = read("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(there.to_string(), "1994-11-06T08:49:37Z");
        assert_eq!(judge(there + Duration::from_secs(4), there).state, State::Ok);
        assert_eq!(judge(there, there + Duration::from_secs(60)).state, State::Broken);
    }
}
