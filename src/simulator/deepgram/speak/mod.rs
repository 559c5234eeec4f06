//! A mouth: text in, audio that carries its words out, over REST and over a socket.

mod limits;
pub mod rest;
pub mod socket;

use super::error::ApiError;
use super::query::Query;

/// The documented version of the simulated voice models.
const VERSION: &str = "2025-04-07.0";
/// Characters of one text.
const LONGEST_TEXT: usize = 2000;

/// The voice asked for.
///
/// # Errors
/// A 400 for another family of models.
fn model(query: &Query) -> Result<String, ApiError> {
    let model = query.text("model").unwrap_or("aura-asteria-en");
    if model.starts_with("aura-") {
        Ok(model.to_owned())
    } else {
        Err(ApiError::bad_request("Bad Request: No such model/version combination found."))
    }
}

/// `model_uuid`.
fn model_uuid(model: &str) -> String {
    super::super::dice::Ids::new(0, model).uuid()
}
