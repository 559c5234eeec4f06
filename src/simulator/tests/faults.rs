use super::*;

async fn create_with(fault: &str) -> (Rig, reqwest::Result<reqwest::Response>) {
    let rig = Rig::with(&format!("[faults.create]\n{fault} = 1.0\nlate_answer_ms = 400")).await;
    let status = rig.customer.url("/status");
    let form = [("To", TO), ("From", FROM), ("Twiml", "<Response/>"), ("StatusCallback", &status), ("StatusCallbackEvent", "initiated")];
    let patient = rig.http.post(rig.url("/Calls.json")).basic_auth(&rig.account.account_sid, Some(&rig.account.auth_token));
    let answer = patient.form(&form).timeout(Duration::from_secs(1)).send().await;
    (rig, answer)
}

#[tokio::test]
async fn an_answer_can_be_lost_while_the_phone_rings() {
    for fault in ["drop_answer", "reset"] {
        let (mut rig, answer) = create_with(fault).await;
        let error = answer.unwrap_err();
        assert_eq!(error.is_timeout(), fault == "drop_answer", "{error:?}");
        assert_eq!(rig.customer.hook().await.get("CallStatus"), "initiated");
        assert_eq!(rig.count(TruthKind::Created), 1, "{fault}");
        tokio::time::timeout(Duration::from_secs(5), rig.simulator.stop()).await.expect("a lost answer keeps nobody waiting");
    }
}

#[tokio::test]
async fn an_answer_can_come_after_the_first_callback() {
    let (mut rig, answer) = create_with("late_answer").await;
    assert_eq!(answer.unwrap().status(), StatusCode::CREATED);
    assert_eq!(rig.customer.waiting().first().map(|hook| hook.get("CallStatus").to_owned()).as_deref(), Some("initiated"));
}

#[tokio::test]
async fn an_answer_can_lie_about_what_was_accepted() {
    for (fault, status, created) in [("error_accepted", 500, 1), ("error_refused", 503, 0), ("throttle", 429, 0), ("garbage", 201, 1)] {
        let (rig, answer) = create_with(fault).await;
        let answer = answer.unwrap();
        assert_eq!((answer.status().as_u16(), rig.count(TruthKind::Created)), (status, created), "{fault}");
        assert_eq!(answer.json::<Value>().await.is_err(), fault == "garbage", "{fault}");
    }
}

async fn callbacks_with(fault: &str) -> (Rig, Vec<(String, bool)>) {
    let mut rig = Rig::with(&format!("[faults.callbacks]\n{fault} = 1.0\ndelay_ms = 700")).await;
    rig.call(TO, "<Response/>", &[]).await;
    let mut came = Vec::new();
    while came.len() < 8 {
        match tokio::time::timeout(Duration::from_secs(2), rig.customer.hook()).await {
            Ok(hook) => came.push((hook.get("CallStatus").to_owned(), hook.signed)),
            Err(_) => break,
        }
    }
    (rig, came)
}

fn named(came: &[(String, bool)]) -> Vec<&str> {
    came.iter().map(|(status, _)| status.as_str()).collect()
}

#[tokio::test]
async fn callbacks_are_lost_doubled_swapped_delayed_and_forged() {
    assert!(callbacks_with("lose").await.1.is_empty());
    let doubled = callbacks_with("duplicate").await.1;
    assert_eq!(named(&doubled), ["initiated", "initiated", "ringing", "ringing", "in-progress", "in-progress", "completed", "completed"]);
    let swapped = callbacks_with("reorder").await.1;
    assert_eq!(named(&swapped), ["ringing", "initiated", "completed", "in-progress"]);
    let delayed = callbacks_with("delay").await;
    assert_eq!(delayed.1.len(), 4);
    assert!(delayed.0.truth().contains(&"ended:completed".to_owned()), "a late callback changes nothing in the network");
    let forged = callbacks_with("forge").await.1;
    assert_eq!(forged.iter().filter(|(status, signed)| status == "completed" && !signed).count(), 4);
    assert_eq!(forged.iter().filter(|(_, signed)| *signed).count(), 4);
}

#[tokio::test]
async fn a_list_can_lag_behind_a_create() {
    let rig = Rig::with("faults.list_lag_ms = 60000").await;
    let sid = rig.call(TO, "<Response/>", &[]).await;
    assert_eq!(rig.get("/Calls.json").await.1["calls"], serde_json::json!([]));
    assert_eq!(rig.get(&format!("/Calls/{sid}.json")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_stream_may_never_start_and_the_callee_gives_up() {
    let mut rig = Rig::with("faults.stream.never_starts = 1.0\ndefault_persona = 'x'\npersonas.x.patience_ms = 400").await;
    rig.call(TO, &rig.connect(), &[]).await;
    assert_eq!(rig.customer.until_ended().await.last().unwrap().get("CallStatus"), "completed");
    assert_eq!(rig.truth(), ["created", "ringing", "answered", "ended:completed"]);
}

#[tokio::test]
async fn a_stream_can_be_torn_in_the_middle() {
    let mut rig = Rig::with("[faults.stream]\ncut = 1.0\ncut_after_ms = 300").await;
    rig.call(TO, &rig.connect(), &[]).await;
    let mut stream = rig.customer.stream().await;
    let mut last = None;
    while let Some(frame) = stream.frame().await {
        last = frame["event"].as_str().map(str::to_owned);
    }
    assert_eq!(last.as_deref(), Some("media"), "no stop is sent when the network tears a socket");
    rig.customer.until_ended().await;
}
