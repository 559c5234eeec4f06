use super::*;

const TALKER: &str = "default_persona = 'ann'\n[personas.ann]\n\
    rules = [{ when = 'bill', say = 'About ninety.', then = { press = '9' } }, { when = 'any', say = 'Go on.' }]";

#[tokio::test]
async fn a_conversation_both_ways_with_marks_by_the_playback_clock() {
    let mut rig = Rig::with(TALKER).await;
    let sid = rig.call(TO, &rig.connect(), &[]).await;
    let mut stream = rig.customer.stream().await;
    assert!(stream.signed);
    let connected = stream.frame().await.unwrap();
    assert_eq!((connected["event"].as_str(), connected["protocol"].as_str()), (Some("connected"), Some("Call")));
    let start = stream.event().await.unwrap();
    assert_eq!((start["sequenceNumber"].as_str(), start["start"]["callSid"].as_str()), (Some("1"), Some(sid.as_str())));
    assert_eq!(
        (start["start"]["customParameters"]["token"].as_str(), start["start"]["tracks"][0].as_str()),
        (Some("t-1"), Some("inbound"))
    );
    let media = stream.frame().await.unwrap();
    assert_eq!((media["sequenceNumber"].as_str(), media["media"]["chunk"].as_str()), (Some("2"), Some("1")));
    stream.hear("Hello?").await;
    let begun = std::time::Instant::now();
    stream.say("Hi this is Ava how high is your bill", "u1").await;
    let mark = stream.event().await.unwrap();
    assert_eq!((mark["event"].as_str(), mark["mark"]["name"].as_str()), (Some("mark"), Some("u1")));
    assert!(begun.elapsed() >= Duration::from_millis(350), "nine words cannot be over after {:?}", begun.elapsed());
    stream.hear("About ninety.").await;
    let dtmf = stream.event().await.unwrap();
    assert_eq!((dtmf["event"].as_str(), dtmf["dtmf"]["digit"].as_str()), (Some("dtmf"), Some("9")));
    rig.post(&format!("/Calls/{sid}.json"), &[("Status", "completed")]).await;
    let stop = stream.event().await.unwrap();
    assert_eq!((stop["event"].as_str(), stop["stop"]["callSid"].as_str()), (Some("stop"), Some(sid.as_str())));
    assert!(stream.event().await.is_none(), "after stop the socket is closed");
    assert_eq!(rig.truth(), ["created", "ringing", "answered", "played:Hi this is Ava how high is your bill", "ended:completed"]);
}

#[tokio::test]
async fn a_clear_drops_what_was_not_played_and_returns_its_marks() {
    let mut rig = Rig::with("default_persona = 'x'\npersonas.x = { interrupts = { after_words = 3, say = 'Stop there.' } }").await;
    rig.call(TO, &rig.connect(), &[]).await;
    let mut stream = rig.customer.stream().await;
    stream.hear("Hello?").await;
    stream.say("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen", "long").await;
    stream.say("and more", "longer").await;
    stream.hear("Stop").await;
    stream.clear().await;
    assert_eq!(stream.event().await.unwrap()["mark"]["name"].as_str(), Some("long"));
    assert_eq!(stream.event().await.unwrap()["mark"]["name"].as_str(), Some("longer"));
    stream.say("sorry", "fresh").await;
    assert_eq!(stream.event().await.unwrap()["mark"]["name"].as_str(), Some("fresh"));
    stream.close().await;
    rig.customer.until_ended().await;
    let played: Vec<String> = rig.truth().into_iter().filter(|line| line.starts_with("played:")).collect();
    assert!(played[0].starts_with("played:one two three") && !played[0].contains("twelve"), "{played:?}");
    assert!(played[1..].concat().contains("sorry") && !played.concat().contains("more"), "{played:?}");
}

#[tokio::test]
async fn when_the_customer_closes_the_next_verbs_run() {
    let mut rig = Rig::with("").await;
    rig.call(TO, &rig.connect(), &[]).await;
    let mut stream = rig.customer.stream().await;
    stream.hear("Hello?").await;
    stream.close().await;
    rig.customer.until_ended().await;
    assert!(rig.truth().contains(&"played:Sorry goodbye".to_owned()), "{:?}", rig.truth());
    assert_eq!(rig.simulator.notices().get(&31_921), Some(&1));
}

#[tokio::test]
async fn a_refused_socket_does_not_leave_the_callee_in_silence() {
    let mut rig = Rig::with("").await;
    let refused = rig.connect().replace("/media", "/status");
    rig.call(TO, &refused, &[]).await;
    rig.customer.until_ended().await;
    assert!(rig.truth().contains(&"played:Sorry goodbye".to_owned()), "{:?}", rig.truth());
    rig.call(TO, &rig.connect().replace("/media", "/media?token=1"), &[]).await;
    rig.customer.until_ended().await;
    assert_eq!(rig.simulator.notices().get(&31_920), Some(&2));
}

#[tokio::test]
async fn what_a_stream_does_not_know_is_counted_and_passed_over() {
    let mut rig = Rig::with("").await;
    rig.call(TO, &rig.connect(), &[]).await;
    let mut stream = rig.customer.stream().await;
    stream.hear("Hello?").await;
    stream.send("nonsense").await;
    stream.send_binary().await;
    stream.say("still here", "m").await;
    assert_eq!(stream.event().await.unwrap()["mark"]["name"].as_str(), Some("m"));
    let notices = rig.simulator.notices();
    assert_eq!((notices.get(&31_924), notices.get(&31_950)), (Some(&1), Some(&1)));
}

#[tokio::test]
async fn a_callee_who_hangs_up_ends_the_stream() {
    let mut rig = Rig::with("default_persona = 'x'\npersonas.x.hangs_up_after = { words = 2 }").await;
    rig.call(TO, &rig.connect(), &[]).await;
    let mut stream = rig.customer.stream().await;
    stream.hear("Hello?").await;
    stream.say("one two three four five", "m").await;
    assert_eq!(stream.event().await.unwrap()["event"].as_str(), Some("stop"));
    rig.customer.until_ended().await;
    assert_eq!(rig.truth()[3..], ["played:one two", "ended:completed"]);
}

#[tokio::test]
async fn a_fork_carries_both_tracks_while_the_call_goes_on() {
    let mut rig = Rig::with("").await;
    let url = rig.customer.media_url();
    let twiml = format!(
        "<Response><Start><Stream url=\"{url}\" track=\"both_tracks\"/></Start><Say>Now hear this</Say><Pause length=\"1\"/></Response>"
    );
    rig.call(TO, &twiml, &[]).await;
    let mut stream = rig.customer.stream().await;
    let start = stream.event().await.unwrap();
    assert_eq!(start["start"]["tracks"], serde_json::json!(["inbound", "outbound"]));
    assert_eq!(stream.event().await.unwrap()["event"].as_str(), Some("stop"));
    assert!(rig.truth().contains(&"played:Now hear this".to_owned()));
    assert_eq!((stream.heard.join(" "), stream.overheard.join(" ")), ("Hello?".to_owned(), "Now hear this".to_owned()));
}
