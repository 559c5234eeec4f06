//! Form parameters as Twilio reads them: repeated keys are lists, names are case-sensitive.

use url::form_urlencoded;

use super::errors::ApiError;

/// The parameters of a request.
#[derive(Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The first value that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// A whole number within bounds.
    pub(super) fn number(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ => Err(ApiError::bad(20_001, format!("Invalid value for {name}: {text} (from {least} to {most})"))),
        }
    }

    /// An absolute http(s) URL.
    pub(super) fn url(&self, name: &str, code: u32) -> Result<Option<String>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        if is_web_url(text) { Ok(Some(text.to_owned())) } else { Err(ApiError::bad(code, format!("Invalid '{name}' URL: {text}"))) }
    }

    /// The method of a webhook; POST when not given.
    pub(super) fn method(&self, name: &str) -> Result<Method, ApiError> {
        match self.get(name) {
            None => Ok(Method::Post),
            Some(text) => Method::parse(text).ok_or_else(|| ApiError::bad(20_001, format!("Invalid {name}: {text}"))),
        }
    }
}

pub(super) fn is_web_url(text: &str) -> bool {
    url::Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.contains('_')))
}

/// How a webhook is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    #[default]
    Post,
}

impl Method {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "GET" => Some(Self::Get),
            "POST" => Some(Self::Post),
            _ => None,
        }
    }
}

/// A webhook's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hook {
    pub url: String,
    pub method: Method,
}
