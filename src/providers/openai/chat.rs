//! The mind: streamed answers for live turns, whole answers for everything that needs one at once.

use async_trait::async_trait;
use reqwest::{Method, Response};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::providers::wire::http;
use crate::providers::wire::retry::persist;
use crate::providers::{ChatAnswer, ChatPiece, ChatRequest, Mind, ProviderError, Usage};

use super::body::{AnswerBody, Chunk, RequestBody};
use super::sse::SseReader;
use super::{OpenAi, PROVIDER, accepted, broken, error};

const COMPLETIONS: &str = "/chat/completions";
/// Pieces that may wait for the conversation; beyond that the network waits.
const PIECES: usize = 64;

#[async_trait]
impl Mind for OpenAi {
    async fn stream(&self, request: &ChatRequest, stop: CancellationToken) -> Result<mpsc::Receiver<ChatPiece>, ProviderError> {
        let (pieces, receiver) = mpsc::channel(PIECES);
        let response = tokio::select! {
            // Dropping the sender breaks the stream off, as it would later.
            () = stop.cancelled() => return Ok(receiver),
            response = self.begin(request) => response?,
        };
        let stream =
            Stream { response, reader: SseReader::default(), answer: Progress::default(), pieces, patience: self.settings.piece_timeout };
        let streaming = async move {
            // Dropping the response closes the connection, which is how an answer is cancelled.
            stop.run_until_cancelled(stream.run()).await;
        };
        self.tasks.spawn(streaming.in_current_span());
        Ok(receiver)
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatAnswer, ProviderError> {
        let body = RequestBody::whole(request);
        let post = || self.request(Method::POST, COMPLETIONS).json(&body);
        let answer: AnswerBody = if request.flex {
            // No room is said at once and costs nothing; whoever asked knows better when to ask again.
            self.ask_once(post().timeout(self.settings.flex_timeout)).await?
        } else {
            self.ask(post).await?
        };
        answer.answer().ok_or_else(|| broken("an answer without a choice"))
    }

    async fn models(&self) -> Result<Vec<String>, ProviderError> {
        let list: Models = self.ask(|| self.request(Method::GET, "/models")).await?;
        Ok(list.data.into_iter().map(|model| model.id).collect())
    }
}

impl OpenAi {
    /// Up to the answer's first byte a refused request is repeated; after it, never.
    async fn begin(&self, request: &ChatRequest) -> Result<Response, ProviderError> {
        let body = RequestBody::streamed(request);
        let once = || async {
            let request = self.request(Method::POST, COMPLETIONS).header("accept", "text/event-stream").json(&body);
            timeout(self.settings.piece_timeout, accepted(request)).await.unwrap_or_else(|_| Err(broken("no answer in time")))
        };
        persist(self.settings.backoff, once).await
    }
}

#[derive(Deserialize)]
struct Models {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

/// One answer on its way.
struct Stream {
    response: Response,
    reader: SseReader,
    answer: Progress,
    pieces: mpsc::Sender<ChatPiece>,
    patience: std::time::Duration,
}

/// What is known of an answer that is not complete.
#[derive(Default)]
struct Progress {
    finish: Option<String>,
    usage: Option<Usage>,
    refused: bool,
}

impl Stream {
    /// Until the answer's end, or until nobody wants to hear it any more.
    async fn run(mut self) {
        let pieces = self.pieces.clone();
        let last = tokio::select! {
            () = pieces.closed() => return,
            last = self.read() => last.unwrap_or_else(ChatPiece::Failed),
        };
        let _ = pieces.send(last).await;
    }

    async fn read(&mut self) -> Result<ChatPiece, ProviderError> {
        loop {
            while let Some(data) = self.reader.next_event().map_err(|e| broken(&e.to_string()))? {
                if data.trim() == "[DONE]" {
                    return self.answer.done();
                }
                let text = self.answer.take(&data)?;
                if !text.is_empty() {
                    // A closed channel ends the whole stream at once, see `run`.
                    let _ = self.pieces.send(ChatPiece::Text(text)).await;
                }
            }
            let chunk = timeout(self.patience, self.response.chunk()).await.map_err(|_| broken("the stream fell silent"))?;
            match chunk.map_err(|e| http::failure(PROVIDER, &e))? {
                Some(chunk) => self.reader.push(&chunk),
                None => return Err(broken("the stream ended before the answer did")),
            }
        }
    }
}

impl Progress {
    /// Takes one event; gives its text.
    fn take(&mut self, data: &str) -> Result<String, ProviderError> {
        let chunk: Chunk = serde_json::from_str(data).map_err(|_| broken("an unreadable event in the stream"))?;
        if let Some(error) = chunk.error {
            return Err(error::mid_stream(&error));
        }
        if let Some(usage) = chunk.usage {
            self.usage = Some(usage.into());
        }
        let Some(choice) = chunk.choices.into_iter().next() else { return Ok(String::new()) };
        self.refused |= choice.delta.refusal.is_some_and(|words| !words.is_empty());
        self.finish = choice.finish_reason.or(self.finish.take());
        Ok(choice.delta.content.unwrap_or_default())
    }

    /// A refusal is told apart from an answer, its words are not the agent's.
    fn done(&mut self) -> Result<ChatPiece, ProviderError> {
        let finish = self.finish.take().ok_or_else(|| broken("the stream ended without a finish"))?;
        let finish = if self.refused { "refusal".to_owned() } else { finish };
        Ok(ChatPiece::Done { finish, usage: self.usage })
    }
}

#[cfg(test)]
mod tests;
