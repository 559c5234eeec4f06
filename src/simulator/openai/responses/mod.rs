//! `POST /v1/responses`: the same model behind the newer shape; requests stand alone (nothing is stored between them).

mod request;
mod shape;
mod stream;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use self::request::Asked;
use super::error::ApiError;
use super::pace::Pace;
use super::words::answer::Answer;
use super::words::prompt::Prompt;
use super::{OpenAi, Shared};

/// An answer with what its shapes need.
#[derive(Debug)]
struct Reply {
    id: String,
    created: i64,
    model: String,
    answer: Answer,
    prompt_tokens: (u64, u64),
    asked: Asked,
}

/// Answers.
pub async fn create(State(openai): State<Shared>, body: Bytes) -> Result<Response, ApiError> {
    let begun = Instant::now();
    let asked = Asked::parse(&body)?;
    let prompt = asked.prompt()?;
    let standing = openai.admit(&prompt)?;
    let pace = Pace::of(&openai, &body);
    let reply = openai.reply(asked, &prompt);
    let mut response = if reply.asked.stream {
        stream::respond(&reply, pace, begun)
    } else {
        sleep_until(begun + pace.due(reply.answer.tokens())).await;
        Json(shape::whole(&reply)).into_response()
    };
    standing.write(response.headers_mut());
    Ok(response)
}

/// Answers a line of a batch.
///
/// # Errors
/// As the endpoint.
pub fn create_line(openai: &OpenAi, body: &Value) -> Result<Value, ApiError> {
    let asked = Asked::parse(body.to_string().as_bytes())?;
    let prompt = asked.prompt()?;
    openai.knows(&prompt.model)?;
    Ok(shape::whole(&openai.reply(asked, &prompt)))
}

impl OpenAi {
    fn reply(&self, asked: Asked, prompt: &Prompt) -> Reply {
        let (answer, cached) = self.think(prompt);
        Reply {
            id: self.ids.name("resp_", 48).to_lowercase(),
            created: super::unix_now(),
            model: self.snapshot(&prompt.model).to_owned(),
            answer,
            prompt_tokens: (prompt.tokens(), cached),
            asked,
        }
    }
}
