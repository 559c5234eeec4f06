//! The query of a request: names, some of them repeated, with text values.

use axum::extract::Query as AxumQuery;

use super::error::ApiError;

/// As axum extracts it.
pub type RawQuery = AxumQuery<Vec<(String, String)>>;

/// A query. Names the simulator does not know are passed over.
#[derive(Debug, Clone)]
pub struct Query(pub Vec<(String, String)>);

impl Query {
    /// The last value of a name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a name.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    /// A name that must be there.
    ///
    /// # Errors
    /// A 400 that names it.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name).filter(|value| !value.is_empty()).ok_or_else(|| invalid(name, "is required"))
    }

    /// `true` or `false`; absent is false.
    ///
    /// # Errors
    /// A 400 for another word.
    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid(name, "must be 'true' or 'false'")),
        }
    }

    /// A number within limits.
    ///
    /// # Errors
    /// A 400 for anything else.
    pub fn number<T: std::str::FromStr + PartialOrd + std::fmt::Display>(
        &self,
        name: &str,
        limits: std::ops::RangeInclusive<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.strip_suffix(".0").unwrap_or(text).parse::<T>().ok().filter(|number| limits.contains(number));
        number.map(Some).ok_or_else(|| invalid(name, &format!("must be a number from {} to {}", limits.start(), limits.end())))
    }
}

fn invalid(name: &str, why: &str) -> ApiError {
    ApiError::bad_request(format!("Invalid query parameter: '{name}' {why}."))
}
