//! OpenAI's mouth: speech, brought down to telephone audio.
//!
//! The service takes a whole text and knows no running conversation, so every sentence is a request of its own, one after
//! the other; a clear drops the running one. Speech is asked for as 24 kHz linear sound, there is no telephone format.

use std::collections::VecDeque;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, try_unfold};
use reqwest::{Method, Response};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::providers::mulaw::Downsampler;
use crate::providers::wire::http;
use crate::providers::wire::retry::persist;
use crate::providers::wire::words::pieces;
use crate::providers::{Mouth, MouthLink, ProviderError, Say, Spoken, Voice};

use super::{OpenAi, PROVIDER, accepted, broken};

/// The voices the service lists; compatible servers, and accounts with voices of their own, have others.
pub const VOICES: [&str; 13] =
    ["alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer", "verse", "marin", "cedar"];
/// The service's limit per request, in characters.
const LONGEST_TEXT: usize = 4096;
const SAY_ROOM: usize = 64;
const SPOKEN_ROOM: usize = 256;
/// Sentences that may wait for their turn; then the caller waits.
const MOST_TODO: usize = 256;

type Sound = BoxStream<'static, Result<Bytes, ProviderError>>;

#[async_trait]
impl Mouth for OpenAi {
    async fn open(&self, voice: &Voice, stop: CancellationToken) -> Result<MouthLink, ProviderError> {
        let (say, say_in) = mpsc::channel(SAY_ROOM);
        let (spoken_out, spoken) = mpsc::channel(SPOKEN_ROOM);
        let speaker = Speaker { openai: self.clone(), voice: voice.clone(), todo: VecDeque::new(), spoken: spoken_out, stop };
        self.tasks.spawn(speaker.run(say_in).in_current_span());
        Ok(MouthLink { say, spoken })
    }

    async fn render(&self, voice: &Voice, text: &str) -> Result<Bytes, ProviderError> {
        let mut audio = Vec::new();
        for piece in pieces(text, LONGEST_TEXT) {
            let mut sound = self.sound(voice.clone(), piece.to_owned());
            while let Some(part) = sound.next().await {
                audio.extend_from_slice(&part?);
            }
        }
        Ok(audio.into())
    }
}

/// Where the sound of one text is.
enum Stage {
    Ask,
    Read(Response, Downsampler),
    Over,
}

impl OpenAi {
    /// The sound of one text as it comes, as μ-law. Asked for again until its first byte.
    fn sound(&self, voice: Voice, text: String) -> Sound {
        let openai = self.clone();
        let step = move |stage: Stage| {
            let (openai, voice, text) = (openai.clone(), voice.clone(), text.clone());
            async move {
                match stage {
                    Stage::Ask => {
                        let response = persist(openai.settings.backoff, || openai.speech(&voice, &text)).await?;
                        openai.part(response, Downsampler::default()).await.map(Some)
                    }
                    Stage::Read(response, filter) => openai.part(response, filter).await.map(Some),
                    Stage::Over => Ok(None),
                }
            }
        };
        try_unfold(Stage::Ask, step).boxed()
    }

    async fn speech(&self, voice: &Voice, text: &str) -> Result<Response, ProviderError> {
        let body = json!({ "model": voice.speech_model(), "voice": voice.name, "input": text, "response_format": "pcm" });
        let request = accepted(self.request(Method::POST, "/audio/speech").json(&body));
        timeout(self.settings.piece_timeout, request).await.unwrap_or_else(|_| Err(broken("no speech in time")))
    }

    async fn part(&self, mut response: Response, mut filter: Downsampler) -> Result<(Bytes, Stage), ProviderError> {
        let chunk = timeout(self.settings.piece_timeout, response.chunk()).await.map_err(|_| broken("the speech fell silent"))?;
        match chunk.map_err(|e| http::failure(PROVIDER, &e))? {
            Some(pcm) => Ok((filter.push(&pcm).into(), Stage::Read(response, filter))),
            None => Ok((filter.finish().into(), Stage::Over)),
        }
    }
}

enum Todo {
    Voice(u32, String),
    Flushed(u32),
}

/// One call's conversation with the mouth.
struct Speaker {
    openai: OpenAi,
    voice: Voice,
    todo: VecDeque<Todo>,
    spoken: mpsc::Sender<Spoken>,
    stop: CancellationToken,
}

impl Speaker {
    async fn run(mut self, mut say: mpsc::Receiver<Say>) {
        let error = self.attend(&mut say).await.err();
        self.report(Spoken::Closed { error }).await;
    }

    async fn attend(&mut self, say: &mut mpsc::Receiver<Say>) -> Result<(), ProviderError> {
        let mut voicing: Option<(u32, Sound)> = None;
        loop {
            if voicing.is_none() {
                voicing = self.begin().await;
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Ok(()),
                () = self.spoken.closed() => return Ok(()),
                next = say.recv(), if self.todo.len() < MOST_TODO => match next {
                    Some(Say::Text { reply, text }) => self.todo.push_back(Todo::Voice(reply, text)),
                    Some(Say::Flush { reply }) => self.todo.push_back(Todo::Flushed(reply)),
                    Some(Say::Clear) => {
                        self.todo.clear();
                        voicing = None;
                    }
                    None => return Ok(()),
                },
                part = part_of(&mut voicing), if voicing.is_some() => match part {
                    Some((reply, part)) => self.tell(reply, part?).await,
                    None => voicing = None,
                },
            }
        }
    }

    /// The next text to voice; reports flushes on the way to it.
    async fn begin(&mut self) -> Option<(u32, Sound)> {
        while let Some(todo) = self.todo.pop_front() {
            match todo {
                Todo::Flushed(reply) => self.report(Spoken::Flushed { reply }).await,
                Todo::Voice(_, text) if text.trim().is_empty() => {}
                Todo::Voice(reply, text) => return Some((reply, self.openai.sound(self.voice.clone(), text))),
            }
        }
        None
    }

    async fn tell(&self, reply: u32, audio: Bytes) {
        if !audio.is_empty() {
            self.report(Spoken::Audio { reply, audio }).await;
        }
    }

    /// Waits for room, but not beyond the end of the call.
    async fn report(&self, spoken: Spoken) {
        let Err(mpsc::error::TrySendError::Full(spoken)) = self.spoken.try_send(spoken) else { return };
        tokio::select! {
            () = self.stop.cancelled() => {}
            _ = self.spoken.send(spoken) => {}
        }
    }
}

async fn part_of(voicing: &mut Option<(u32, Sound)>) -> Option<(u32, Result<Bytes, ProviderError>)> {
    let (reply, sound) = voicing.as_mut()?;
    Some((*reply, sound.next().await?))
}

#[cfg(test)]
mod tests;
