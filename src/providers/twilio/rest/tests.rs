use std::time::Duration;

use secrecy::SecretString;

use super::*;
use crate::providers::wire::retry::Backoff;
use crate::providers::wire::testing::{Reply, Scripted, http, json};
use crate::providers::{Telephony as _, twilio::Twilio};

const CALL: &str = r#"{"sid":"CA0f","status":"STATUS","duration":"12","date_created":"Mon, 23 Nov 2026 12:00:00 +0000","direction":"outbound-api","answered_by":null,"price":"-0.01"}"#;
const OVER: &str = r#"{"code":21220,"message":"Call is not in-progress. Cannot redirect.","status":400}"#;
const NO_SUCH: &str = r#"{"code":20404,"message":"not found","status":404}"#;

fn call(status: &str) -> Reply {
    json("200 OK", &CALL.replace("STATUS", status))
}

fn twilio(server: &Scripted) -> Twilio {
    let settings = TwilioSettings::new(&server.url, "AC0", SecretString::from("secret"));
    let backoff = Backoff { first: Duration::from_millis(1), ..Backoff::default() };
    Twilio::new(TwilioSettings { backoff, rest_timeout: Duration::from_millis(500), ..settings }).unwrap()
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).unwrap()
}

#[tokio::test]
async fn fetches_a_call_or_learns_that_there_is_none() {
    let server = Scripted::start([call("completed"), json("404 Not Found", NO_SUCH)]).await;
    let told = twilio(&server).fetch("CA0f").await.unwrap().unwrap();
    let expected = ProviderCall {
        call_sid: "CA0f".into(),
        status: "completed".into(),
        duration_s: Some(12),
        created_at_ms: Some(1_795_435_200_000),
        direction: "outbound-api".into(),
        answered_by: None,
    };
    assert_eq!(told, expected);
    assert_eq!(twilio(&server).fetch("CA0f").await.unwrap(), None);
}

#[tokio::test]
async fn repeats_what_may_pass_later() {
    let server = Scripted::start([json("503 Unavailable", "{}"), Reply::Drop, call("ringing")]).await;
    assert_eq!(twilio(&server).fetch("CA0f").await.unwrap().unwrap().status, "ringing");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn does_not_repeat_a_refusal() {
    let server = Scripted::start([json("401 Unauthorized", r#"{"code":20003,"message":"Authenticate","status":401}"#)]).await;
    let error = twilio(&server).fetch("CA0f").await.unwrap_err();
    assert_eq!((error.again, error.status, server.requests().len()), (Again::No, Some(401), 1));
    assert!(error.to_string().contains("20003"), "{error}");
}

#[tokio::test]
async fn leaves_a_long_wait_to_the_caller() {
    let server = Scripted::start([http("429 Too Many Requests", "Retry-After: 300\r\n", "{}")]).await;
    let error = twilio(&server).fetch("CA0f").await.unwrap_err();
    assert_eq!((error.again, server.requests().len()), (Again::After(Duration::from_secs(300)), 1));
}

#[tokio::test]
async fn lists_every_page() {
    let page = |sid: &str, next: &str| {
        let call = CALL.replace("CA0f", sid).replace("STATUS", "queued").replace(r#""Mon, 23 Nov 2026 12:00:00 +0000""#, "null");
        json("200 OK", &format!(r#"{{"calls":[{call}],"page":0,"next_page_uri":{next}}}"#))
    };
    let server = Scripted::start([page("CA1", r#""/2010-04-01/Accounts/AC0/Calls.json?Page=1&PageToken=PA""#), page("CA2", "null")]).await;
    let calls = twilio(&server).list(&number("+14155550123"), &number("+14155550100")).await.unwrap();
    let told: Vec<_> = calls.iter().map(|c| (c.call_sid.as_str(), c.created_at_ms)).collect();
    assert_eq!(told, [("CA1", None), ("CA2", None)]);
    let seen = server.requests();
    assert!(seen[0].starts_with("GET /2010-04-01/Accounts/AC0/Calls.json?To=%2B14155550123&From=%2B14155550100&PageSize=1000 "));
    assert!(seen[1].starts_with("GET /2010-04-01/Accounts/AC0/Calls.json?Page=1&PageToken=PA "));
}

#[tokio::test]
async fn an_incomplete_list_is_no_list() {
    let first = json("200 OK", r#"{"calls":[],"next_page_uri":"/2010-04-01/next"}"#);
    let server = Scripted::start([first.clone(), json("404 Not Found", NO_SUCH)]).await;
    assert!(twilio(&server).list(&number("+14155550123"), &number("+14155550100")).await.is_err());
    let elsewhere = Scripted::start([json("200 OK", r#"{"calls":[],"next_page_uri":"http://evil.example/"}"#)]).await;
    assert!(twilio(&elsewhere).list(&number("+14155550123"), &number("+14155550100")).await.is_err());
}

#[tokio::test]
async fn ending_what_is_over_is_fine() {
    let replies = [call("completed"), json("400 Bad Request", OVER), json("404 Not Found", NO_SUCH)];
    let server = Scripted::start(replies).await;
    for _ in 0..3 {
        twilio(&server).end("CA0f").await.unwrap();
    }
    assert!(server.requests()[0].ends_with("Status=completed"));
    let refused = Scripted::start([json("400 Bad Request", r#"{"code":15004,"message":"x","status":400}"#)]).await;
    assert!(twilio(&refused).end("CA0f").await.is_err());
}

#[tokio::test]
async fn a_person_is_rung_once_whatever_the_answer() {
    let transfer = Transfer {
        to: number("+14155550199"),
        from: number("+14155550100"),
        result_url: "https://app.example/transfer".to_owned(),
        time_limit: Duration::from_secs(4_200),
    };
    let server = Scripted::start([call("in-progress"), json("503 Unavailable", "{}"), json("404 Not Found", NO_SUCH)]).await;
    twilio(&server).transfer("CA0f", &transfer).await.unwrap();
    let asked = server.requests();
    assert!(asked[0].contains("Twiml=") && asked[0].contains("%2B14155550199") && asked[0].ends_with("TimeLimit=4200"), "{asked:?}");
    assert!(twilio(&server).transfer("CA0f", &transfer).await.is_err());
    assert_eq!(server.requests().len(), 2, "a second time would ring them anew");
    assert!(twilio(&server).transfer("CA0f", &transfer).await.is_err(), "there is no such call");
}

#[tokio::test]
async fn cancelling_an_answered_call_ends_it() {
    for first in [call("in-progress"), json("400 Bad Request", OVER)] {
        let server = Scripted::start([first, call("completed")]).await;
        twilio(&server).cancel("CA0f").await.unwrap();
        let seen = server.requests();
        assert!(seen[0].ends_with("Status=canceled") && seen[1].ends_with("Status=completed"), "{seen:?}");
    }
    let server = Scripted::start([call("canceled"), json("404 Not Found", NO_SUCH)]).await;
    twilio(&server).cancel("CA0f").await.unwrap();
    twilio(&server).cancel("CA0f").await.unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn taking_back_leaves_an_answered_call_alone() {
    let replies = [call("canceled"), call("in-progress"), json("400 Bad Request", OVER), call("busy"), json("404 Not Found", NO_SUCH)];
    let server = Scripted::start(replies.into_iter().chain([json("404 Not Found", NO_SUCH)])).await;
    for expected in [Some("canceled"), Some("in-progress"), Some("busy"), None] {
        let told = twilio(&server).take_back("CA0f").await.unwrap();
        assert_eq!(told.as_ref().map(|call| call.status.as_str()), expected);
    }
    let seen = server.requests();
    assert!(seen.iter().all(|request| !request.ends_with("Status=completed")), "{seen:?}");
}

#[tokio::test]
async fn checks_the_account() {
    let account = |status: &str| json("200 OK", &format!(r#"{{"sid":"AC0","status":"{status}"}}"#));
    let server = Scripted::start([account("active"), account("suspended")]).await;
    twilio(&server).check().await.unwrap();
    let error = twilio(&server).check().await.unwrap_err();
    assert!(error.to_string().contains("suspended"), "{error}");
}

#[tokio::test]
async fn a_sid_cannot_change_the_path() {
    let server = Scripted::start([]).await;
    assert!(twilio(&server).end("../../Accounts").await.is_err());
    assert!(server.requests().is_empty());
}
