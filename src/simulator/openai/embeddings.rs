//! `POST /v1/embeddings`: unit vectors in which texts that share words are near each other.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::error::ApiError;
use super::words::tokens;
use super::{OpenAi, Shared, locked};
use crate::simulator::dice::{mix, scramble, unit};

const LONGEST_INPUT: u64 = 8192;
const MOST_INPUTS: usize = 2048;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    model: String,
    input: Value,
    #[serde(default)]
    encoding_format: Option<String>,
    #[serde(default)]
    dimensions: Option<usize>,
    #[serde(default, rename = "user")]
    _user: Option<String>,
}

/// Embeds texts.
pub async fn create(State(openai): State<Shared>, body: Bytes) -> Result<Response, ApiError> {
    let raw: Value = serde_json::from_slice(&body).map_err(|_| ApiError::invalid("We could not parse the JSON body of your request."))?;
    let answer = embed_line(&openai, &raw)?;
    let used = answer["usage"]["prompt_tokens"].as_u64().unwrap_or(0);
    let standing = locked(&openai.limits).take(raw["model"].as_str().unwrap_or_default(), used, Instant::now())?;
    let mut response = Json(answer).into_response();
    standing.write(response.headers_mut());
    Ok(response)
}

/// Embeds the texts of one request.
///
/// # Errors
/// A 400 or 404.
pub fn embed_line(openai: &OpenAi, raw: &Value) -> Result<Value, ApiError> {
    let asked: Asked = serde_json::from_value(raw.clone()).map_err(|error| ApiError::invalid(format!("Invalid request: {error}.")))?;
    openai.knows(&asked.model)?;
    let texts = texts(&asked.input)?;
    let size = dimensions(&asked)?;
    let as_base64 = match asked.encoding_format.as_deref() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(_) => return Err(ApiError::invalid("Invalid 'encoding_format': must be 'float' or 'base64'.").param("encoding_format")),
    };
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": written(&embedding(text, size), as_base64)}))
        .collect();
    let used: u64 = texts.iter().map(|text| tokens::count(text)).sum();
    Ok(json!({"object": "list", "model": asked.model, "data": data, "usage": {"prompt_tokens": used, "total_tokens": used}}))
}

fn dimensions(asked: &Asked) -> Result<usize, ApiError> {
    let full = if asked.model.contains("large") { 3072 } else { 1536 };
    match asked.dimensions {
        Some(size) if size == 0 || size > full => {
            Err(ApiError::invalid(format!("Invalid 'dimensions': must be between 1 and {full}.")).param("dimensions"))
        }
        Some(size) => Ok(size),
        None => Ok(full),
    }
}

/// A string, strings, tokens, or lists of tokens; tokens are embedded by their numbers.
fn texts(input: &Value) -> Result<Vec<String>, ApiError> {
    let numbers = |items: &[Value]| {
        items.iter().map(|item| item.as_u64().map(|number| number.to_string())).collect::<Option<Vec<_>>>().map(|all| all.join(" "))
    };
    let texts = match input {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) if items.iter().all(Value::is_u64) => numbers(items).map(|text| vec![text]),
        Value::Array(items) => {
            items.iter().map(|item| item.as_str().map(str::to_owned).or_else(|| item.as_array().and_then(|items| numbers(items)))).collect()
        }
        _ => None,
    };
    let texts = texts.filter(|texts| (1..=MOST_INPUTS).contains(&texts.len()) && texts.iter().all(|text| !text.is_empty()));
    let texts = texts.ok_or_else(|| ApiError::invalid("'$.input' is invalid. Please check the API reference.").param("input"))?;
    if texts.iter().any(|text| tokens::count(text) > LONGEST_INPUT) {
        return Err(ApiError::invalid(format!("This model's maximum context length is {LONGEST_INPUT} tokens.")).param("input"));
    }
    Ok(texts)
}

/// The sum of a direction for each word, on the unit sphere.
fn embedding(text: &str, size: usize) -> Vec<f32> {
    let mut sum = vec![0.0_f64; size];
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()) {
        let mut number = mix(0, &[word.as_bytes()]);
        for coordinate in &mut sum {
            number = scramble(number);
            *coordinate += unit(number) - 0.5;
        }
    }
    let length = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
    #[expect(clippy::cast_possible_truncation, reason = "embeddings are single precision")]
    sum.into_iter().map(|x| (x / length) as f32).collect()
}

fn written(vector: &[f32], as_base64: bool) -> Value {
    if !as_base64 {
        return json!(vector);
    }
    let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
    base64_simd::STANDARD.encode_to_string(&bytes).into()
}

#[cfg(test)]
mod tests {
    use super::embedding;

    fn likeness(a: &str, b: &str) -> f32 {
        embedding(a, 256).iter().zip(embedding(b, 256)).map(|(x, y)| x * y).sum()
    }

    #[test]
    fn texts_that_share_words_are_nearer() {
        assert!((likeness("call me later", "call me later") - 1.0).abs() < 1e-5);
        assert!(likeness("call me later", "please call me later") > 0.6);
        assert!(likeness("call me later", "what does it cost").abs() < 0.4);
    }
}
