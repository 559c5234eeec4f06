//! Over real sockets.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::simulator::voice::{self, Decoder, Event};
use crate::simulator::{Scenario, Simulator, SimulatorSettings};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn simulator(scenario: &str) -> Simulator {
    // The second test of a process finds the provider installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
    Simulator::start(SimulatorSettings::on_loopback(Scenario::from_toml(scenario).unwrap(), 7)).await.unwrap()
}

async fn connect(simulator: &Simulator, path: &str) -> Result<Socket, Error> {
    let mut request = format!("ws://{}{path}", simulator.addr()).into_client_request().unwrap();
    request.headers_mut().insert("authorization", "Token dg-test".parse().unwrap());
    connect_async(request).await.map(|(socket, _)| socket)
}

async fn tell(socket: &mut Socket, command: Value) {
    socket.send(Message::text(command.to_string())).await.unwrap();
}

async fn hear(socket: &mut Socket, audio: Vec<u8>) {
    for frame in audio.chunks(160) {
        socket.send(Message::binary(frame.to_vec())).await.unwrap();
    }
}

/// Everything up to the end: JSON, `{"binary": n}` for audio, `{"close": code, "reason": …}`, `{"cut": true}`.
async fn rest(socket: &mut Socket) -> Vec<Value> {
    let mut seen = Vec::new();
    while let Some(message) = socket.next().await {
        seen.push(match message {
            Ok(Message::Text(text)) => serde_json::from_str(&text).unwrap_or(json!({"garbage": text.as_str()})),
            Ok(Message::Binary(audio)) => json!({"binary": audio.len()}),
            Ok(Message::Close(Some(frame))) => json!({"close": u16::from(frame.code), "reason": frame.reason.as_str()}),
            Ok(_) => continue,
            Err(_) => json!({"cut": true}),
        });
    }
    seen
}

async fn next(socket: &mut Socket) -> Value {
    let message = socket.next().await.unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

const NOVA: &str = "/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&interim_results=true&endpointing=300&utterance_end_ms=1000&vad_events=true&smart_format=true";
const FLUX: &str = "/v2/listen?model=flux-general-en&encoding=mulaw&sample_rate=8000&eager_eot_threshold=0.5";
const SPEAK: &str = "/v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000";

#[tokio::test]
async fn nova_hears_words_and_says_when_they_are_over() {
    let simulator = simulator("").await;
    let mut socket = connect(&simulator, NOVA).await.unwrap();
    hear(&mut socket, [voice::silence(400), voice::encode("Yes, that works.", 300), voice::silence(1300)].concat()).await;
    tell(&mut socket, json!({"type": "CloseStream"})).await;
    let seen = rest(&mut socket).await;
    let types: Vec<&str> = seen.iter().map(|message| message["type"].as_str().unwrap_or("close")).collect();
    assert_eq!(types, ["SpeechStarted", "Results", "Results", "UtteranceEnd", "Metadata", "close"]);
    let last = &seen[2];
    assert_eq!((&last["is_final"], &last["speech_final"]), (&json!(true), &json!(true)));
    let alternative = &last["channel"]["alternatives"][0];
    assert_eq!(
        (&alternative["transcript"], &alternative["words"][0]["word"], &alternative["words"][0]["punctuated_word"]),
        (&json!("Yes, that works."), &json!("yes"), &json!("Yes,"))
    );
    assert_eq!(alternative["words"][0]["start"], 0.4);
    assert_eq!(seen[5], json!({"close": 1000, "reason": ""}));
    assert_eq!(seen[4]["channels"], 1);
}

#[tokio::test]
async fn nova_hears_a_voice_without_words_as_the_stand_in() {
    let simulator = simulator("[deepgram]\nstand_in = 'Tell me more.'").await;
    let mut socket = connect(&simulator, "/v1/listen?model=nova-2&encoding=mulaw&sample_rate=8000&endpointing=200").await.unwrap();
    hear(&mut socket, [voice::beep(500), voice::silence(400)].concat()).await;
    assert_eq!(next(&mut socket).await["channel"]["alternatives"][0]["transcript"], "tell me more");
}

#[tokio::test]
async fn what_is_not_audio_closes_with_data_and_an_empty_frame_ends() {
    let simulator = simulator("").await;
    let mut socket = connect(&simulator, "/v1/listen?model=nova-3").await.unwrap();
    socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(rest(&mut socket).await, [json!({"close": 1008, "reason": "DATA-0000"})]);
    let mut socket = connect(&simulator, NOVA).await.unwrap();
    socket.send(Message::binary(Vec::new())).await.unwrap();
    assert_eq!(rest(&mut socket).await.last().unwrap()["close"], 1000);
}

#[tokio::test]
async fn silence_of_the_client_closes_as_idle_though_it_keeps_alive() {
    let simulator = simulator("[deepgram]\nidle_ms = 60").await;
    let mut socket = connect(&simulator, NOVA).await.unwrap();
    tell(&mut socket, json!({"type": "KeepAlive"})).await;
    assert_eq!(rest(&mut socket).await, [json!({"close": 1011, "reason": "NET-0001"})], "without audio no keep-alive helps");
}

#[tokio::test]
async fn flux_numbers_its_messages_and_ends_turns() {
    let simulator = simulator("").await;
    let mut socket = connect(&simulator, FLUX).await.unwrap();
    hear(&mut socket, [voice::encode("Call me tomorrow.", 300), voice::silence(400)].concat()).await;
    tell(&mut socket, json!({"type": "CloseStream"})).await;
    let seen = rest(&mut socket).await;
    assert!(seen[..seen.len() - 1].iter().enumerate().all(|(index, message)| message["sequence_id"] == index));
    assert_eq!(seen[0]["type"], "Connected");
    let events: Vec<&str> = seen.iter().filter_map(|message| message["event"].as_str()).filter(|event| *event != "Update").collect();
    assert_eq!(events, ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"]);
    let end = seen.iter().find(|message| message["event"] == "EndOfTurn").unwrap();
    assert_eq!((&end["transcript"], &end["turn_index"], &end["trigger"]), (&json!("Call me tomorrow."), &json!(0), &json!("model")));
}

#[tokio::test]
async fn flux_is_configured_and_forced() {
    let simulator = simulator("").await;
    let mut socket = connect(&simulator, FLUX).await.unwrap();
    tell(
        &mut socket,
        json!({"type": "Configure", "thresholds": {"eot_threshold": 0.9, "eager_eot_threshold": null}, "keyterms": ["Acme"]}),
    )
    .await;
    tell(&mut socket, json!({"type": "Configure", "thresholds": {"eot_threshold": 7}})).await;
    hear(&mut socket, [voice::encode("Yes.", 300), voice::silence(300)].concat()).await;
    tell(&mut socket, json!({"type": "ForceEndTurn"})).await;
    tell(&mut socket, json!({"type": "CloseStream"})).await;
    let seen = rest(&mut socket).await;
    assert_eq!((&seen[1]["type"], &seen[1]["thresholds"]["eot_threshold"]), (&json!("ConfigureSuccess"), &json!(0.9)));
    assert_eq!(seen[2]["type"], "ConfigureFailure");
    let end = seen.iter().find(|message| message["event"] == "EndOfTurn").unwrap();
    assert_eq!(end["trigger"], "manual", "300 ms are not enough for 0.9");
}

#[tokio::test]
async fn the_mouth_speaks_words_that_can_be_heard() {
    let simulator = simulator("").await;
    let mut socket = connect(&simulator, SPEAK).await.unwrap();
    assert_eq!(next(&mut socket).await["type"], "Metadata");
    tell(&mut socket, json!({"type": "Speak", "text": "Good morning, "})).await;
    tell(&mut socket, json!({"type": "Speak", "text": "this is a call."})).await;
    tell(&mut socket, json!({"type": "Flush"})).await;
    let mut decoder = Decoder::default();
    let mut words = Vec::new();
    let flushed = loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Binary(audio) => words.extend(
                decoder
                    .feed(&audio)
                    .into_iter()
                    .filter_map(|event| if let Event::WordEnded { text, .. } = event { Some(text) } else { None }),
            ),
            other => break other,
        }
    };
    assert_eq!(words.join(" "), "Good morning, this is a call.");
    assert_eq!(flushed.to_text().unwrap(), r#"{"sequence_id":0,"type":"Flushed"}"#);
    tell(&mut socket, json!({"type": "Close"})).await;
    assert_eq!(rest(&mut socket).await.last().unwrap()["close"], 1000);
}

#[tokio::test]
async fn clear_forgets_what_was_not_sent() {
    let simulator = simulator("[deepgram]\ntts_first_ms = 600000").await;
    let mut socket = connect(&simulator, SPEAK).await.unwrap();
    next(&mut socket).await;
    for command in [json!({"type": "Speak", "text": "Never heard."}), json!({"type": "Flush"}), json!({"type": "Clear"})] {
        tell(&mut socket, command).await;
    }
    assert_eq!(next(&mut socket).await, json!({"type": "Cleared", "sequence_id": 1}));
}

#[tokio::test]
async fn the_mouth_keeps_its_limits() {
    let simulator = simulator("").await;
    let mut socket = connect(&simulator, SPEAK).await.unwrap();
    next(&mut socket).await;
    for _ in 0..21 {
        tell(&mut socket, json!({"type": "Flush"})).await;
    }
    for sequence in 0..20 {
        assert_eq!(next(&mut socket).await, json!({"type": "Flushed", "sequence_id": sequence}));
    }
    assert_eq!(next(&mut socket).await["type"], "Warning");
    tell(&mut socket, json!({"type": "Speak", "text": "x".repeat(2000)})).await;
    tell(&mut socket, json!({"type": "Speak", "text": "x".repeat(401)})).await;
    assert_eq!(rest(&mut socket).await, [json!({"close": 1008, "reason": "DATA-0001"})]);
    let mut socket = connect(&simulator, SPEAK).await.unwrap();
    next(&mut socket).await;
    socket.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(rest(&mut socket).await, [json!({"close": 1003, "reason": "MESSAGE-0000"})]);
}

async fn post(simulator: &Simulator, path: &str, body: impl Into<reqwest::Body>, kind: &str) -> reqwest::Response {
    let request = reqwest::Client::new().post(format!("{}{path}", simulator.base_url())).header("authorization", "Token dg-test");
    request.header("content-type", kind).body(body).send().await.unwrap()
}

#[tokio::test]
async fn what_is_spoken_over_rest_is_transcribed_over_rest() {
    let simulator = simulator("").await;
    let text = json!({"text": "Hello from here."}).to_string();
    let spoken = post(&simulator, SPEAK, text.clone(), "application/json").await;
    let header = |name: &str| spoken.headers()[name].to_str().unwrap().to_owned();
    assert_eq!([header("content-type"), header("dg-char-count"), header("dg-model-name")], ["audio/wav", "16", "aura-2-thalia-en"]);
    let wav = spoken.bytes().await.unwrap();
    assert!(wav.starts_with(b"RIFF"), "wav is the default container, the trap of phone lines");
    let raw = post(&simulator, &format!("{SPEAK}&container=none"), text, "application/json").await.bytes().await.unwrap();
    assert_eq!(wav.len(), raw.len() + 44);
    let heard: Value =
        post(&simulator, "/v1/listen?model=nova-3&smart_format=true&utterances=true", wav, "audio/wav").await.json().await.unwrap();
    assert_eq!(heard["results"]["channels"][0]["alternatives"][0]["transcript"], "Hello from here.");
    assert_eq!(heard["results"]["utterances"][0]["transcript"], "Hello from here.");
    assert!(heard["metadata"]["duration"].as_f64().unwrap() > 0.5);
}

#[tokio::test]
async fn refusals_are_told_before_the_upgrade() {
    let simulator = simulator("[deepgram]\nkeys = ['other']\n").await;
    let Err(Error::Http(refused)) = connect(&simulator, NOVA).await else { panic!("a wrong key is refused") };
    assert_eq!((refused.status().as_u16(), refused.headers()["dg-error"].to_str().unwrap()), (401, "Invalid credentials."));
    let body: Value = serde_json::from_slice(refused.body().as_deref().unwrap()).unwrap();
    assert_eq!(
        (&body["err_code"], &body["request_id"]),
        (&json!("INVALID_AUTH"), &json!(refused.headers()["dg-request-id"].to_str().unwrap()))
    );
}

#[tokio::test]
async fn a_project_has_only_so_many_sockets() {
    let simulator = simulator("[deepgram]\nlisten_limit = 1").await;
    let first = connect(&simulator, NOVA).await.unwrap();
    let Err(Error::Http(refused)) = connect(&simulator, NOVA).await else { panic!("the second is refused") };
    assert_eq!(refused.status(), 429);
    drop(first);
}

#[tokio::test]
async fn faults_strike_sockets() {
    let scenario = "[[deepgram.faults]]\nkind = 'refuse'\nfirst = 1\n[[deepgram.faults]]\nkind = 'garbage'\nfirst = 1\nafter_messages = 1\n[[deepgram.faults]]\nkind = 'cut'\nafter_messages = 1";
    let simulator = simulator(scenario).await;
    let Err(Error::Http(refused)) = connect(&simulator, SPEAK).await else { panic!("the first is refused") };
    assert_eq!(refused.status(), 429);
    let mut garbled = connect(&simulator, SPEAK).await.unwrap();
    for command in [json!({"type": "Flush"}), json!({"type": "Flush"})] {
        tell(&mut garbled, command).await;
    }
    assert_eq!(next(&mut garbled).await["type"], "Metadata");
    assert!(serde_json::from_str::<Value>(garbled.next().await.unwrap().unwrap().to_text().unwrap()).is_err());
    assert_eq!(next(&mut garbled).await, json!({"type": "Flushed", "sequence_id": 1}), "then all goes on");
    let mut cut = connect(&simulator, SPEAK).await.unwrap();
    tell(&mut cut, json!({"type": "Flush"})).await;
    let seen = rest(&mut cut).await;
    assert_eq!((seen.len(), &seen[1]), (2, &json!({"cut": true})));
}
