use std::time::Duration;

use secrecy::SecretString;
use tokio_util::task::TaskTracker;

use super::super::OpenAiSettings;
use super::*;
use crate::providers::mulaw::SILENCE;
use crate::providers::wire::retry::Backoff;
use crate::providers::wire::testing::{Reply, Scripted, http, json as json_reply};
use crate::providers::{Again, VoiceVendor};

/// Silence, so that the scripted body is text: 24 kHz, 2 bytes per sample.
fn silence(samples: usize) -> Reply {
    http("200 OK", "Content-Type: audio/pcm\r\n", &"\0\0".repeat(samples))
}

fn openai(server: &Scripted) -> OpenAi {
    let settings = OpenAiSettings::new(format!("{}/v1", server.url), SecretString::from("sk-1"));
    let backoff = Backoff { first: Duration::from_millis(1), ..Backoff::default() };
    OpenAi::new(OpenAiSettings { backoff, ..settings }, TaskTracker::new()).unwrap()
}

fn voice(name: &str) -> Voice {
    Voice { vendor: VoiceVendor::OpenAi, name: name.into(), model: None }
}

async fn say(link: &MouthLink, reply: u32, texts: &[&str]) {
    for text in texts {
        link.say.send(Say::Text { reply, text: (*text).into() }).await.unwrap();
    }
    link.say.send(Say::Flush { reply }).await.unwrap();
}

/// Bytes of audio until the reply is flushed.
async fn until_flushed(link: &mut MouthLink, expected: u32) -> usize {
    let mut bytes = 0;
    loop {
        match link.spoken.recv().await.unwrap() {
            Spoken::Audio { reply, audio } => {
                assert_eq!((reply, audio.iter().all(|byte| *byte == SILENCE)), (expected, true));
                bytes += audio.len();
            }
            Spoken::Flushed { reply } => {
                assert_eq!(reply, expected);
                return bytes;
            }
            Spoken::Closed { error } => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn renders_a_third_of_the_samples() {
    let server = Scripted::start([json_reply("500 Oops", "{}"), silence(2400)]).await;
    assert_eq!(openai(&server).render(&voice("marin"), "Hello.").await.unwrap().len(), 800);
    let seen = &server.requests()[1];
    assert!(seen.starts_with("POST /v1/audio/speech ") && seen.contains(r#""response_format":"pcm""#), "{seen}");
    assert!(seen.contains(r#""model":"gpt-4o-mini-tts""#) && seen.contains(r#""voice":"marin""#), "{seen}");
}

#[tokio::test]
async fn speaks_sentence_by_sentence_in_order() {
    let server = Scripted::start([silence(2400), silence(240), silence(24)]).await;
    let mut link = openai(&server).open(&voice("marin"), CancellationToken::new()).await.unwrap();
    say(&link, 1, &["One.", "Two."]).await;
    say(&link, 2, &[" "]).await;
    say(&link, 3, &["Three."]).await;
    assert_eq!(until_flushed(&mut link, 1).await, 880);
    assert_eq!(until_flushed(&mut link, 2).await, 0);
    assert_eq!(until_flushed(&mut link, 3).await, 8);
}

#[tokio::test]
async fn a_clear_drops_what_is_being_said() {
    let mut server = Scripted::start([Reply::Stall, silence(24)]).await;
    let mut link = openai(&server).open(&voice("marin"), CancellationToken::new()).await.unwrap();
    say(&link, 1, &["A long story."]).await;
    server.asked().await;
    link.say.send(Say::Clear).await.unwrap();
    say(&link, 2, &["Yes?"]).await;
    assert_eq!(until_flushed(&mut link, 2).await, 8);
}

#[tokio::test]
async fn a_refusal_closes_the_mouth() {
    let server =
        Scripted::start([json_reply("400 Bad Request", r#"{"error":{"message":"no such voice","type":"invalid_request_error"}}"#)]).await;
    let mut link = openai(&server).open(&voice("nobody"), CancellationToken::new()).await.unwrap();
    say(&link, 1, &["Hi."]).await;
    let Some(Spoken::Closed { error: Some(error) }) = link.spoken.recv().await else { panic!("not closed") };
    assert_eq!(error.again, Again::No);
}

#[tokio::test]
async fn stopping_closes_the_mouth() {
    let server = Scripted::start([]).await;
    let stop = CancellationToken::new();
    let mut link = openai(&server).open(&voice("marin"), stop.clone()).await.unwrap();
    stop.cancel();
    assert_eq!(link.spoken.recv().await, Some(Spoken::Closed { error: None }));
}
