use super::*;

#[tokio::test]
async fn twiml_is_asked_for_on_answer_and_redirects_are_followed() {
    let mut rig = Rig::with("").await;
    let first = rig.customer.serve_twiml("/first", "<Response><Say>First part</Say><Redirect>/second</Redirect></Response>");
    rig.customer.serve_twiml("/second", "<Response><Say>second part</Say><Hangup/><Say>never</Say></Response>");
    rig.call(TO, "", &[("Url", &first)]).await;
    let hooks = rig.customer.until_ended().await;
    let asked: Vec<(&str, &str, bool)> =
        hooks.iter().filter(|hook| hook.path != "/status").map(|hook| (hook.path.as_str(), hook.get("CallStatus"), hook.signed)).collect();
    assert_eq!(asked, [("/first", "in-progress", true), ("/second", "in-progress", true)]);
    let played: String = rig.truth().into_iter().filter(|line| line.starts_with("played")).collect();
    assert_eq!(played, "played:First partplayed:second part");
}

#[tokio::test]
async fn a_failing_url_falls_back_and_without_a_fallback_apologises() {
    let mut rig = Rig::with("").await;
    let broken = rig.customer.url("/broken");
    let fallback = rig.customer.serve_twiml("/fallback", "<Response><Say>Plan B</Say></Response>");
    rig.call(TO, "", &[("Url", &broken), ("FallbackUrl", &fallback)]).await;
    let hooks = rig.customer.until_ended().await;
    let asked = hooks.iter().find(|hook| hook.path == "/fallback").unwrap();
    assert_eq!((asked.get("ErrorCode"), asked.get("ErrorUrl")), ("11200", broken.as_str()));
    assert!(rig.truth().contains(&"played:Plan B".to_owned()));
    rig.call(TO, "not xml at all", &[]).await;
    rig.customer.until_ended().await;
    assert!(rig.truth().iter().any(|line| line.contains("application error")), "{:?}", rig.truth());
}

#[tokio::test]
async fn a_dialled_leg_is_a_call_of_its_own_and_both_hear_each_other() {
    let mut rig = Rig::with(
        "default_persona = 'lead'\npersonas.lead.rules = [{ when = 'transfer', say = 'Nice to meet you.' }]\n\
         personas.closer = { hello = 'Sales transfer desk.', rules = [{ when = 'meet', say = 'Goodbye.', then = 'hang_up' }] }\n\
         [[numbers]]\nmatch = '+14155550111'\npersona = 'closer'",
    )
    .await;
    let after = rig.customer.serve_twiml("/after", "<Response><Say>Thank you</Say></Response>");
    let twiml =
        format!("<Response><Dial callerId=\"{FROM}\" timeout=\"20\" action=\"{after}\"><Number>+14155550111</Number></Dial></Response>");
    let sid = rig.call(TO, &twiml, &[]).await;
    let hooks = rig.customer.until_ended().await;
    let asked = hooks.iter().find(|hook| hook.path == "/after").unwrap();
    assert_eq!((asked.get("DialCallStatus"), asked.get("DialBridged"), asked.get("CallSid")), ("completed", "true", sid.as_str()));
    let child = rig.get(&format!("/Calls/{}.json", asked.get("DialCallSid"))).await.1;
    assert_eq!((child["parent_call_sid"].as_str(), child["direction"].as_str()), (Some(sid.as_str()), Some("outbound-dial")));
    let lines = rig.simulator.truth().lines();
    let heard = |number: &str| {
        let words = lines.iter().filter(|line| line.to == number).filter_map(|line| line.words.clone());
        words.collect::<Vec<String>>().join(" ")
    };
    assert!(heard("+14155550111").contains("Nice to meet you."), "{lines:?}");
    assert!(heard(TO).contains("Sales transfer desk.") && heard(TO).ends_with("Thank you"), "{lines:?}");
}

#[tokio::test]
async fn a_dialled_leg_that_is_busy_tells_the_action() {
    let mut rig = Rig::with("personas.b.behaviour = 'busy'\n[[numbers]]\nmatch = '+14155550111'\npersona = 'b'").await;
    let after = rig.customer.serve_twiml("/after", "<Response/>");
    let twiml = format!("<Response><Dial action=\"{after}\">+14155550111</Dial></Response>");
    rig.call(TO, &twiml, &[]).await;
    let hooks = rig.customer.until_ended().await;
    let asked = hooks.iter().find(|hook| hook.path == "/after").unwrap();
    assert_eq!((asked.get("DialCallStatus"), asked.get("DialCallDuration"), asked.get("DialBridged")), ("busy", "0", "false"));
}
