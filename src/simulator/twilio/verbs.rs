//! Runs TwiML: verb after verb, until they run out or something interrupts.

use std::time::Duration;

use super::dial;
use super::document::{APPLICATION_ERROR, Document, obtain};
use super::form::Hook;
use super::media;
use super::order::Source;
use super::session::{Interrupt, Session};
use super::twiml::Element;
use super::webhook::Params;
use crate::simulator::voice;

/// `loop="0"` means for ever; nobody listens longer.
const FOR_EVER: u64 = 1_000;

/// Runs the call's TwiML, and what it is redirected to, until the call is over.
pub(super) async fn run(session: &mut Session, source: Source, fallback: Option<Hook>, extra: Params) {
    let mut next = Interrupt::Redirected { to: source, fallback, extra };
    while let Interrupt::Redirected { to, fallback, extra } = next {
        next = match perform(session, &to, fallback.as_ref(), extra).await {
            Ok(()) => Interrupt::Over,
            Err(interrupt) => interrupt,
        };
        session.write_down_heard();
    }
}

async fn perform(session: &mut Session, source: &Source, fallback: Option<&Hook>, extra: Params) -> Result<(), Interrupt> {
    let Some(document) = obtain(session, source, fallback, extra).await? else {
        return say(session, APPLICATION_ERROR, 1).await;
    };
    for verb in &document.response.children {
        do_verb(session, &document, verb).await?;
    }
    Ok(())
}

async fn do_verb(session: &mut Session, document: &Document, verb: &Element) -> Result<(), Interrupt> {
    match verb.name.as_str() {
        "Say" => say(session, &verb.text, times(verb)).await,
        "Play" => play(session, document, verb).await,
        "Pause" => session.pause(Duration::from_secs(verb.number("length", 1))).await,
        "Hangup" | "Reject" => Err(Interrupt::Over),
        "Redirect" => Err(redirect(session, document, verb.text.trim(), verb.attribute("method"), Vec::new())),
        "Connect" => connect(session, document, verb).await,
        "Start" => {
            start(session, verb);
            Ok(())
        }
        "Dial" => dial::dial(session, document, verb).await,
        _ => {
            session.twilio.notices.give(12_200, &session.call.sid, "a TwiML verb that is not played here was passed over");
            Ok(())
        }
    }
}

fn times(verb: &Element) -> u64 {
    match verb.number("loop", 1) {
        0 => FOR_EVER,
        times => times,
    }
}

async fn say(session: &mut Session, text: &str, times: u64) -> Result<(), Interrupt> {
    let audio = voice::encode(text, session.twilio.stage.scenario.pace.ms_per_word);
    for _ in 0..times {
        session.play(&audio).await?;
    }
    Ok(())
}

async fn play(session: &mut Session, document: &Document, verb: &Element) -> Result<(), Interrupt> {
    if let Some(digits) = verb.attribute("digits") {
        return press(session, digits).await;
    }
    let audio = match document.hook(verb.text.trim(), None) {
        Some(hook) => session.meanwhile(download(session.twilio.http.clone(), hook.url)).await?,
        None => None,
    };
    let Some(audio) = audio else {
        session.twilio.notices.give(11_200, &session.call.sid, "audio to be played could not be had");
        return Ok(());
    };
    for _ in 0..times(verb) {
        session.play(&audio).await?;
    }
    Ok(())
}

/// μ-law is played as it is; other formats sound like a second of tone, since their words are not known here.
async fn download(http: reqwest::Client, url: String) -> Option<Vec<u8>> {
    let answer = http.get(url).timeout(Duration::from_secs(15)).send().await.ok()?.error_for_status().ok()?;
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let bytes = answer.bytes().await.ok()?;
    let plain = ["audio/basic", "audio/x-mulaw", "audio/mulaw"].iter().any(|mulaw| kind.starts_with(mulaw));
    Some(if plain { bytes.to_vec() } else { voice::beep(1_000) })
}

/// Keys of the caller's side: a short tone each; `w` and `W` are pauses.
pub(super) async fn press(session: &mut Session, digits: &str) -> Result<(), Interrupt> {
    for digit in digits.chars() {
        match digit {
            'w' => session.play(&voice::silence(500)).await?,
            'W' => session.play(&voice::silence(1_000)).await?,
            _ => session.play(&[voice::beep(100), voice::silence(100)].concat()).await?,
        }
    }
    Ok(())
}

async fn connect(session: &mut Session, document: &Document, verb: &Element) -> Result<(), Interrupt> {
    let Some(stream) = verb.child("Stream") else {
        session.twilio.notices.give(12_200, &session.call.sid, "<Connect> without a <Stream> is not played here");
        return Ok(());
    };
    media::converse(session, document, stream).await?;
    match verb.attribute("action") {
        Some(action) => Err(redirect(session, document, action, verb.attribute("method"), Vec::new())),
        None => Ok(()),
    }
}

fn start(session: &mut Session, verb: &Element) {
    match verb.child("Stream") {
        Some(stream) => media::listen_in(session, stream),
        None => session.twilio.notices.give(12_200, &session.call.sid, "<Start> without a <Stream> is not played here"),
    }
}

/// The call goes on at this URL; when it has no meaning, the call is over.
pub(super) fn redirect(session: &Session, document: &Document, url: &str, method: Option<&str>, extra: Params) -> Interrupt {
    match document.hook(url, method) {
        Some(hook) => Interrupt::Redirected { to: Source::Url(hook), fallback: None, extra },
        None => {
            session.twilio.notices.give(11_100, &session.call.sid, "TwiML names a URL that is none");
            Interrupt::Over
        }
    }
}
