//! One request of the corpus, and the good callback that most of them are made from.

use callfleet::domain::ids::AttemptId;

use crate::deployment::{BASE, Deployment, TOKEN, form, news, sign};
use crate::wire::Wire;

pub const SID: &str = "CA0123456789abcdef0123456789abcdef";

/// A request, and why it is in the corpus.
#[derive(Debug, Clone)]
pub struct Case {
    pub why: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Case {
    pub async fn send(&self, wire: &mut Wire) -> u16 {
        wire.post(&self.path, &self.headers, &self.body).await
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A good callback, taken apart.
#[derive(Debug, Clone)]
pub struct Good {
    pub path: String,
    pub fields: Vec<(String, String)>,
}

impl Good {
    pub fn ringing(deployment: &Deployment, attempt: AttemptId) -> Self {
        Self { path: deployment.path(attempt), fields: news(SID, "ringing", 1) }
    }

    pub fn signature(&self) -> String {
        sign(TOKEN, &format!("{BASE}{}", self.path), &self.fields)
    }

    /// As the provider sends it.
    pub fn case(&self, why: &str) -> Case {
        self.with(why, form(&self.fields).into_bytes(), &self.signature())
    }

    /// With this body and this signature.
    pub fn with(&self, why: &str, body: Vec<u8>, signature: &str) -> Case {
        let headers = vec![("X-Twilio-Signature".to_owned(), signature.to_owned())];
        Case { why: why.to_owned(), path: self.path.clone(), headers, body }
    }

    /// The good body under a signature over something else.
    pub fn signed_over(&self, why: &str, url: &str, fields: &[(String, String)]) -> Case {
        self.with(why, form(&self.fields).into_bytes(), &sign(TOKEN, url, fields))
    }
}
