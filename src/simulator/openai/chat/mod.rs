//! `POST /v1/chat/completions`.

mod body;
mod request;
mod stream;
mod validate;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

pub use request::ChatRequest;
pub use stream::paced;

use super::error::ApiError;
use super::limits::Standing;
use super::pace::Pace;
use super::words::answer::Answer;
use super::words::prompt::Prompt;
use super::words::rules;
use super::{OpenAi, Shared, locked};

/// An answer with what its wire shapes need.
#[derive(Debug)]
pub struct Completion {
    /// `chatcmpl-…`
    pub id: String,
    /// Seconds since the epoch.
    pub created: i64,
    /// The dated name.
    pub model: String,
    /// What was said.
    pub answer: Answer,
    /// Tokens of the prompt, and how many of them came from the cache.
    pub prompt_tokens: (u64, u64),
    /// What the request asked about the answer's shape.
    pub request: ChatRequest,
}

/// Answers a chat.
pub async fn complete(State(openai): State<Shared>, body: Bytes) -> Result<Response, ApiError> {
    let begun = Instant::now();
    let request = ChatRequest::parse(&body)?;
    let prompt = request.prompt()?;
    let standing = openai.admit(&prompt)?;
    let pace = Pace::of(&openai, &body);
    let completion = openai.completion(request, &prompt);
    let mut response = if completion.request.stream {
        stream::respond(&completion, pace, begun)
    } else {
        sleep_until(begun + pace.due(completion.answer.tokens())).await;
        Json(body::whole(&completion)).into_response()
    };
    standing.write(response.headers_mut());
    Ok(response)
}

/// Answers a chat that came as a line of a batch: the body, without waiting.
///
/// # Errors
/// As the endpoint.
pub fn complete_line(openai: &OpenAi, body: &Value) -> Result<Value, ApiError> {
    let request = ChatRequest::parse(body.to_string().as_bytes())?;
    let prompt = request.prompt()?;
    openai.knows(&prompt.model)?;
    openai.fits(&prompt)?;
    Ok(body::whole(&openai.completion(request, &prompt)))
}

impl OpenAi {
    /// Lets a prompt in: the model exists, the prompt fits, the account has room.
    ///
    /// # Errors
    /// 404, 400 or 429.
    pub fn admit(&self, prompt: &Prompt) -> Result<Standing, ApiError> {
        self.knows(&prompt.model)?;
        let tokens = self.fits(prompt)? + prompt.max_tokens.unwrap_or(0);
        locked(&self.limits).take(&prompt.model, tokens, Instant::now())
    }

    /// The prompt's tokens.
    fn fits(&self, prompt: &Prompt) -> Result<u64, ApiError> {
        let (tokens, most) = (prompt.tokens(), self.scenario.context_tokens);
        if tokens <= most {
            return Ok(tokens);
        }
        let message = format!(
            "This model's maximum context length is {most} tokens. However, your messages resulted in {tokens} tokens. Please reduce the length of the messages."
        );
        Err(ApiError::invalid(message).param("messages").code("context_length_exceeded"))
    }

    /// What is said, and how much of the prompt was known.
    pub fn think(&self, prompt: &Prompt) -> (Answer, u64) {
        let answer = rules::answer(prompt, &self.replies, &self.scenario.fields);
        (answer, locked(&self.prefixes).cached_tokens(&prompt.model, &prompt.counted()))
    }

    fn completion(&self, request: ChatRequest, prompt: &Prompt) -> Completion {
        let (answer, cached) = self.think(prompt);
        Completion {
            id: self.ids.name("chatcmpl-", 29),
            created: super::unix_now(),
            model: self.snapshot(&prompt.model).to_owned(),
            answer,
            prompt_tokens: (prompt.tokens(), cached),
            request,
        }
    }
}
