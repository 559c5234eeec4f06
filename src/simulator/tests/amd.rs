use super::*;

const MACHINE: &str = "default_persona = 'm'\npersonas.m = { behaviour = 'voicemail', greeting = 'Leave a message' }";

#[tokio::test]
async fn in_the_background_the_verdict_is_posted_while_the_twiml_runs() {
    let mut rig = Rig::with(MACHINE).await;
    let amd = rig.customer.url("/amd");
    let detection = [("MachineDetection", "DetectMessageEnd"), ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", amd.as_str())];
    let sid = rig.call(TO, "<Response><Pause length=\"2\"/></Response>", &detection).await;
    let hooks = rig.customer.until_ended().await;
    let verdict = hooks.iter().find(|hook| hook.path == "/amd").unwrap();
    assert_eq!((verdict.get("AnsweredBy"), verdict.get("CallSid"), verdict.signed), ("machine_end_beep", sid.as_str(), true));
    let after: u64 = verdict.get("MachineDetectionDuration").parse().unwrap();
    assert!((700..1500).contains(&after), "greeting and beep took {after} ms");
    assert_eq!(rig.get(&format!("/Calls/{sid}.json")).await.1["answered_by"].as_str(), Some("machine_end_beep"));
}

#[tokio::test]
async fn otherwise_the_twiml_waits_for_the_verdict_and_carries_it() {
    let mut rig = Rig::with("").await;
    let url = rig.customer.serve_twiml("/twiml", "<Response/>");
    rig.call(TO, "", &[("Url", &url), ("MachineDetection", "Enable")]).await;
    let hooks = rig.customer.until_ended().await;
    let asked = hooks.iter().find(|hook| hook.path == "/twiml").unwrap();
    assert_eq!(asked.get("AnsweredBy"), "human");
    assert!(asked.get("MachineDetectionDuration").parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn what_is_said_after_the_beep_is_heard_by_the_machine() {
    let mut rig = Rig::with(MACHINE).await;
    rig.call(TO, "<Response><Pause length=\"2\"/><Say>Please call us back</Say></Response>", &[]).await;
    rig.customer.until_ended().await;
    assert_eq!(rig.truth()[3..], ["played:Please call us back", "ended:completed"]);
}
