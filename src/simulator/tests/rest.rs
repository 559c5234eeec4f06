use serde_json::json;

use super::*;

#[tokio::test]
async fn a_create_answers_the_whole_object() {
    let rig = Rig::with("").await;
    let form = [("To", TO), ("From", FROM), ("Twiml", "<Response/>")];
    let answer = rig.try_post("/Calls.json", &form).await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert!(answer.headers()["twilio-request-id"].to_str().unwrap().starts_with("RQ"));
    let call: Value = answer.json().await.unwrap();
    let mut keys: Vec<&str> = call.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let mut documented: Vec<&str> = "sid account_sid parent_call_sid api_version direction to to_formatted from from_formatted \
        phone_number_sid status answered_by forwarded_from caller_name group_sid trunk_sid queue_time start_time end_time duration \
        price price_unit date_created date_updated uri subresource_uris annotation"
        .split_whitespace()
        .collect();
    documented.sort_unstable();
    assert_eq!(keys, documented);
    assert_eq!((call["status"].as_str(), &call["date_created"]), (Some("queued"), &Value::Null));
    assert_eq!(
        call["uri"],
        json!(format!("/2010-04-01/Accounts/{}/Calls/{}.json", rig.account.account_sid, call["sid"].as_str().unwrap()))
    );
    rig.simulator.stop().await;
}

#[tokio::test]
async fn credentials_are_checked_before_anything_else() {
    let rig = Rig::with("twilio.api_keys = [{ sid = 'SK1', secret = 's' }]").await;
    let ask = |user: &'static str, password: &'static str| rig.http.get(rig.url("/Calls.json")).basic_auth(user, Some(password)).send();
    let refused = ask("AC00000000000000000000000000000001", "wrong").await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], json!(20003));
    assert_eq!(ask("SK1", "s").await.unwrap().status(), StatusCode::OK);
    let (status, body) = rig.get_absolute(&format!("{}/2010-04-01/Accounts/ACother/Calls.json", rig.simulator.base_url())).await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!(20404)));
    let (status, body) = rig.get(".json").await;
    assert_eq!((status, &body["status"]), (StatusCode::OK, &json!("active")));
}

#[tokio::test]
async fn refusals_carry_code_and_reason_and_ring_nobody() {
    let rig = Rig::with("personas.barred = { behaviour = 'refused', code = 21215 }\n[[numbers]]\nprefix = '+44'\npersona = 'barred'").await;
    for (to, code) in [("+15005550001", 21211), ("+15005550004", 21216), ("+442071838750", 21215), ("12", 21211)] {
        let (status, body) = rig.post("/Calls.json", &[("To", to), ("From", FROM), ("Twiml", "<Response/>")]).await;
        assert_eq!((status, &body["code"], &body["status"]), (StatusCode::BAD_REQUEST, &json!(code), &json!(400)), "{to}");
        assert_eq!(body["more_info"], json!(format!("https://www.twilio.com/docs/errors/{code}")));
    }
    assert_eq!((rig.count(TruthKind::Refused), rig.count(TruthKind::Created)), (4, 0));
}

#[tokio::test]
async fn throttling_has_no_side_effect_and_passes() {
    let rig = Rig::with("default_persona = 'x'\npersonas.x = { behaviour = 'http_429', times = 2 }").await;
    let form = [("To", TO), ("From", FROM), ("Twiml", "<Response/>")];
    for _ in 0..2 {
        let (status, body) = rig.post("/Calls.json", &form).await;
        assert_eq!((status, &body["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!(20429)));
    }
    assert_eq!(rig.post("/Calls.json", &form).await.0, StatusCode::CREATED);
    assert_eq!((rig.count(TruthKind::Refused), rig.count(TruthKind::Created)), (2, 1));
}

#[tokio::test]
async fn lists_are_filtered_paged_and_newest_first() {
    let mut rig = Rig::with("").await;
    let mut sids = Vec::new();
    for _ in 0..5 {
        sids.push(rig.call(TO, "<Response/>", &[]).await);
        rig.customer.until_ended().await;
    }
    rig.call("+14155550124", "<Response/>", &[]).await;
    let (_, first) = rig.get("/Calls.json?To=%2B14155550123&PageSize=2").await;
    let mut keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    keys.sort_unstable();
    assert_eq!(keys, ["calls", "end", "first_page_uri", "next_page_uri", "page", "page_size", "previous_page_uri", "start", "uri"]);
    let mut seen = Vec::new();
    let mut page = first;
    loop {
        seen.extend(page["calls"].as_array().unwrap().iter().map(|call| call["sid"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_page_uri"].as_str() else { break };
        page = rig.get_absolute(&format!("{}{next}", rig.simulator.base_url())).await.1;
    }
    sids.reverse();
    assert_eq!(seen, sids);
    let started = |query: &str| {
        let path = format!("/Calls.json?To=%2B14155550123&{query}");
        let rig = &rig;
        async move { rig.get(&path).await.1["calls"].as_array().unwrap().len() }
    };
    assert_eq!(started("Status=completed").await, 5);
    assert_eq!(started("Status=busy").await, 0);
    assert_eq!(started("StartTime%3E=2020-01-01").await, 5);
    assert_eq!(started("StartTime%3C=2020-01-01T00%3A00%3A00Z").await, 0);
}

#[tokio::test]
async fn a_call_that_ended_can_be_deleted_and_is_gone() {
    let mut rig = Rig::with("").await;
    let sid = rig.call(TO, "<Response/>", &[]).await;
    rig.customer.until_ended().await;
    let (status, recordings) = rig.get(&format!("/Calls/{sid}/Recordings.json")).await;
    assert_eq!((status, &recordings["recordings"]), (StatusCode::OK, &json!([])));
    let delete =
        rig.http.delete(rig.url(&format!("/Calls/{sid}.json"))).basic_auth(&rig.account.account_sid, Some(&rig.account.auth_token));
    assert_eq!(delete.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    let (status, body) = rig.get(&format!("/Calls/{sid}.json")).await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!(20404)));
    assert_eq!(rig.post(&format!("/Calls/{sid}.json"), &[("Status", "completed")]).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn creates_beyond_the_rate_wait_and_say_how_long() {
    let rig = Rig::with("[twilio]\ncps = 10.0").await;
    let mut waits = Vec::new();
    for n in 0..3 {
        let to = format!("+1415555010{n}");
        let call = rig.post("/Calls.json", &[("To", to.as_str()), ("From", FROM), ("Twiml", "<Response/>")]).await.1;
        waits.push(call["queue_time"].as_str().unwrap().parse::<u64>().unwrap());
    }
    assert_eq!(waits[0], 0);
    assert!((50..=100).contains(&waits[1]) && waits[2] > waits[1] + 50, "{waits:?}");
}

#[tokio::test]
async fn beyond_the_concurrency_limit_calls_are_refused() {
    let rig = Rig::with("twilio.concurrency = 1\ndefault_persona = 'x'\npersonas.x.ring_ms = 5000").await;
    rig.call(TO, "<Response/>", &[]).await;
    let (status, body) = rig.post("/Calls.json", &[("To", "+14155550124"), ("From", FROM), ("Twiml", "<Response/>")]).await;
    assert_eq!((status, &body["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!(10004)));
    assert_eq!(rig.simulator.live_calls(), 1);
}
