use std::time::Instant;

use super::*;

fn statuses(hooks: &[customer::Hook]) -> Vec<(&str, &str)> {
    hooks.iter().map(customer::Hook::status).collect()
}

#[tokio::test]
async fn an_answered_call_reports_each_step_in_order_and_signed() {
    let mut rig = Rig::with("").await;
    let sid = rig.call(TO, "<Response><Say>Good morning</Say></Response>", &[]).await;
    let hooks = rig.customer.until_ended().await;
    assert_eq!(statuses(&hooks), [("initiated", "0"), ("ringing", "1"), ("in-progress", "2"), ("completed", "3")]);
    let mut tokens: Vec<&str> = hooks.iter().map(|hook| hook.token.as_str()).collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 4);
    for hook in &hooks {
        assert!(hook.signed, "{hook:?}");
        assert_eq!(
            (hook.path.as_str(), hook.get("CallSid"), hook.get("To"), hook.get("Direction")),
            ("/status", &*sid, TO, "outbound-api")
        );
        assert_eq!(hook.get("CallbackSource"), "call-progress-events");
        assert!(hook.get("Timestamp").ends_with(" +0000") && hook.params.contains_key("ToCity"));
    }
    assert_eq!((hooks[3].get("CallDuration"), hooks[3].get("Duration")), ("1", "1"));
    assert_eq!(rig.truth(), ["created", "ringing", "answered", "played:Good morning", "ended:completed"]);
    let call = rig.get(&format!("/Calls/{sid}.json")).await.1;
    assert_eq!((call["status"].as_str(), call["duration"].as_str()), (Some("completed"), Some("1")));
}

#[tokio::test]
async fn only_the_end_is_reported_unless_more_is_asked_for() {
    let mut rig = Rig::with("").await;
    let status = rig.customer.url("/status?job=9f2&x=%2B1");
    rig.post("/Calls.json", &[("To", TO), ("From", FROM), ("Twiml", "<Response/>"), ("StatusCallback", &status)]).await;
    let hook = rig.customer.hook().await;
    assert_eq!((hook.get("CallStatus"), hook.signed), ("completed", true));
    assert_eq!(rig.customer.waiting().len(), 0);
}

#[tokio::test]
async fn a_line_that_is_not_answered_says_why_and_never_asks_for_twiml() {
    let mut rig = Rig::with(
        "personas.b.behaviour = 'busy'\npersonas.n = { behaviour = 'no_answer', ring_ms = 50 }\npersonas.f = { behaviour = 'failed', sip = 404 }\n\
         personas.late.ring_ms = 60000\n\
         [[numbers]]\nmatch = '+14155550101'\npersona = 'b'\n[[numbers]]\nmatch = '+14155550102'\npersona = 'n'\n\
         [[numbers]]\nmatch = '+14155550103'\npersona = 'f'\n[[numbers]]\nmatch = '+14155550104'\npersona = 'late'",
    )
    .await;
    let twiml = rig.customer.url("/twiml");
    for (number, status, sip, sequence) in [
        ("+14155550101", "busy", "486", "2"),
        ("+14155550102", "no-answer", "480", "2"),
        ("+14155550103", "failed", "404", "1"),
        ("+14155550104", "no-answer", "487", "2"),
    ] {
        rig.call(number, "", &[("Url", &twiml), ("Timeout", "1")]).await;
        let hooks = rig.customer.until_ended().await;
        let last = hooks.last().unwrap();
        assert_eq!((last.get("CallStatus"), last.get("SipResponseCode"), last.get("SequenceNumber")), (status, sip, sequence));
        assert_eq!((last.get("CallDuration"), last.get("Duration")), ("0", "0"));
        assert!(hooks.iter().all(|hook| hook.path == "/status"));
    }
    assert_eq!(rig.count(TruthKind::Answered), 0);
    assert_eq!(rig.count(TruthKind::Ringing), 3);
}

#[tokio::test]
async fn a_ringing_call_can_be_taken_back() {
    let mut rig = Rig::with("default_persona = 'x'\npersonas.x.ring_ms = 60000").await;
    let sid = rig.call(TO, "<Response/>", &[]).await;
    while rig.customer.hook().await.get("CallStatus") != "ringing" {}
    let (status, call) = rig.post(&format!("/Calls/{sid}.json"), &[("Status", "canceled")]).await;
    assert_eq!((status, call["status"].as_str()), (StatusCode::OK, Some("canceled")));
    assert_eq!(rig.customer.hook().await.status(), ("canceled", "2"));
    assert_eq!(rig.truth(), ["created", "ringing", "ended:canceled"]);
}

#[tokio::test]
async fn a_live_call_can_be_ended_once_and_redirected_while_it_lives() {
    let mut rig = Rig::with("").await;
    let sid = rig.call(TO, "<Response><Pause length=\"60\"/></Response>", &[]).await;
    while rig.customer.hook().await.get("CallStatus") != "in-progress" {}
    let path = format!("/Calls/{sid}.json");
    let (_, call) = rig.post(&path, &[("Status", "canceled")]).await;
    assert_eq!(call["status"].as_str(), Some("in-progress"), "an answered call is beyond cancelling");
    let relative = "<Response><Dial action=\"/after\">+14155550111</Dial></Response>";
    assert_eq!(rig.post(&path, &[("Twiml", relative)]).await.1["code"], 15_004);
    let new = "<Response><Say>One moment please</Say><Pause length=\"60\"/></Response>";
    assert_eq!(rig.post(&path, &[("Twiml", new)]).await.0, StatusCode::OK);
    let spoken = rig.simulator.truth().wait_for(|line| line.words.as_deref() == Some("One moment please"));
    tokio::time::timeout(Duration::from_secs(5), spoken).await.expect("the new TwiML was not played");
    assert_eq!(rig.post(&path, &[("Status", "completed")]).await.1["status"].as_str(), Some("completed"));
    let (status, body) = rig.post(&path, &[("Status", "completed")]).await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &serde_json::json!(21220)));
}

#[tokio::test]
async fn the_time_limit_and_the_callees_patience_both_end_a_call() {
    let mut rig = Rig::with("personas.curt.patience_ms = 300\n[[numbers]]\nmatch = '+14155550101'\npersona = 'curt'").await;
    let endless = "<Response><Say loop=\"0\">word</Say></Response>";
    let begun = Instant::now();
    rig.call(TO, endless, &[("TimeLimit", "1")]).await;
    assert_eq!(rig.customer.until_ended().await.last().unwrap().get("CallStatus"), "completed");
    assert!((900..4000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    rig.call("+14155550101", "<Response><Pause length=\"60\"/></Response>", &[]).await;
    assert_eq!(rig.customer.until_ended().await.last().unwrap().get("CallStatus"), "completed");
}

#[tokio::test]
async fn attempts_differ_by_the_scenarios_sequence() {
    let mut rig =
        Rig::with("default_persona = 'x'\npersonas.x.sequence = ['b', 'a']\npersonas.b.behaviour = 'busy'\npersonas.a = {}").await;
    for status in ["busy", "completed"] {
        rig.call(TO, "<Response/>", &[]).await;
        assert_eq!(rig.customer.until_ended().await.last().unwrap().get("CallStatus"), status);
    }
}

#[tokio::test]
async fn stopping_ends_every_call_and_the_log_is_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("truth.jsonl");
    let mut rig = Rig::with("").await;
    let settings = SimulatorSettings { truth_log: Some(log.clone()), ..SimulatorSettings::on_loopback(Scenario::default(), 1) };
    rig.simulator = Simulator::start(settings).await.unwrap();
    rig.call(TO, "<Response><Pause length=\"60\"/></Response>", &[]).await;
    tokio::time::timeout(Duration::from_secs(5), rig.simulator.stop()).await.expect("the simulator did not stop");
    let lines: Vec<Value> = std::fs::read_to_string(log).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines[0]["event"].as_str(), lines[0]["to"].as_str()), (Some("created"), Some(TO)));
    assert_eq!(lines.last().unwrap()["event"].as_str(), Some("ended"));
}
