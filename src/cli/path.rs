//! A path of the API with what was typed in it, encoded.

use std::fmt::Display;

use url::Url;

/// Path and query of a request.
#[derive(Debug, Clone)]
pub struct ApiPath(Url);

impl ApiPath {
    /// From its parts: `["v1", "campaigns", name]`.
    #[must_use]
    pub fn new(parts: &[&str]) -> Self {
        let mut url = Url::parse("http://localhost/").expect("a constant that is a URL");
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(parts);
        }
        Self(url)
    }

    /// With `key=value` where there is a value.
    #[must_use]
    pub fn with(mut self, key: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            self.0.query_pairs_mut().append_pair(key, &value.to_string());
        }
        self
    }

    /// `/v1/campaigns/spring?limit=5`.
    #[must_use]
    pub fn into_text(self) -> String {
        match self.0.query() {
            Some(query) => format!("{}?{query}", self.0.path()),
            None => self.0.path().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_stays_in_its_place() {
        assert_eq!(ApiPath::new(&["v1", "campaigns", "a/b c?d"]).into_text(), "/v1/campaigns/a%2Fb%20c%3Fd");
        let path = ApiPath::new(&["v1", "leads"]).with("campaign", Some("a&b")).with("state", None::<&str>).with("limit", Some(5));
        assert_eq!(path.into_text(), "/v1/leads?campaign=a%26b&limit=5");
    }
}
