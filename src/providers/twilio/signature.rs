//! `X-Twilio-Signature`: whether a webhook or a media socket really comes from Twilio.
//!
//! The rule is that of twilio-python's `request_validator.py`. The URL is the configured public one plus the path and query
//! as they arrived; scheme and host of the request itself can be set by a stranger behind a proxy.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64_simd::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// What is signed besides the URL.
#[derive(Debug, Clone, Copy)]
pub enum SignedBody<'a> {
    /// GET requests and websocket handshakes: the URL alone. A socket's URL is the `wss://` one of the TwiML.
    Nothing,
    /// The decoded fields of a form, in any order.
    Form(&'a [(Cow<'a, str>, Cow<'a, str>)]),
    /// Any other body: its hash travels in the URL as `bodySHA256`.
    Raw(&'a [u8]),
}

/// What the provider sent to prove itself.
#[derive(Debug, Clone, Copy)]
pub struct Signature<'a> {
    /// `X-Twilio-Signature`.
    pub value: &'a str,
    /// `X-Twilio-Webhooks-Signature-Settings`, empty when absent: `key=…,algorithm=HMAC_SHA256` says that a shared key signed
    /// and not the account's token.
    pub settings: &'a str,
}

impl<'a> Signature<'a> {
    /// The two headers of a request; what is absent or not ASCII is empty and proves nothing.
    #[must_use]
    pub fn read(headers: &'a HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self { value: text("x-twilio-signature"), settings: text("x-twilio-webhooks-signature-settings") }
    }

    fn scheme(&self) -> Option<Scheme> {
        if self.settings.trim().is_empty() {
            return Some(Scheme::Token);
        }
        let named = self.settings.split(',').filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim() == "algorithm");
        match named.map(|(_, algorithm)| algorithm.trim()) {
            Some(algorithm) if algorithm.eq_ignore_ascii_case("HMAC_SHA256") => Some(Scheme::Shared),
            _ => None,
        }
    }
}

impl<'a> From<&'a str> for Signature<'a> {
    fn from(value: &'a str) -> Self {
        Self { value, settings: "" }
    }
}

/// Who signed with what.
#[derive(Debug, Clone, Copy)]
enum Scheme {
    /// HMAC-SHA1 with the account's auth token.
    Token,
    /// HMAC-SHA256 with a shared key of the webhook settings.
    Shared,
}

/// The secrets that may have signed: the account's auth tokens and the shared keys, each the current one, and the next or
/// last one while it is being rotated.
#[derive(Debug, Clone)]
pub struct SignatureKeys {
    tokens: Vec<SecretString>,
    shared: Vec<SecretString>,
}

impl SignatureKeys {
    /// Accepts signatures of any of these tokens; of none when the list is empty.
    #[must_use]
    pub fn new(tokens: Vec<SecretString>) -> Self {
        Self { tokens: usable(tokens), shared: Vec::new() }
    }

    /// Accepts HMAC-SHA256 signatures of any of these shared keys too.
    #[must_use]
    pub fn with_shared(self, keys: Vec<SecretString>) -> Self {
        Self { shared: usable(keys), ..self }
    }

    /// Whether one of our keys signed this. Every candidate is compared in full, in constant time. A stranger may choose the
    /// scheme by its header and gains nothing: each scheme has keys of its own.
    #[must_use]
    pub fn verify<'a>(&self, url: &str, body: SignedBody<'_>, signature: impl Into<Signature<'a>>) -> bool {
        let signature = signature.into();
        if let SignedBody::Raw(bytes) = body
            && !hash_matches(url, bytes)
        {
            return false;
        }
        let (keys, sign): (_, fn(&SecretString, &str, &str) -> String) = match signature.scheme() {
            Some(Scheme::Token) => (&self.tokens, sign),
            Some(Scheme::Shared) => (&self.shared, sign_shared),
            None => return false,
        };
        let fields = signed_fields(body);
        let mut matched = Choice::from(0);
        for key in keys {
            for candidate in port_variants(url) {
                matched |= sign(key, &candidate, &fields).as_bytes().ct_eq(signature.value.as_bytes());
            }
        }
        matched.into()
    }
}

fn usable(secrets: Vec<SecretString>) -> Vec<SecretString> {
    secrets.into_iter().filter(|secret| !secret.expose_secret().is_empty()).collect()
}

fn sign(token: &SecretString, url: &str, fields: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.expose_secret().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    mac.update(fields.as_bytes());
    STANDARD.encode_to_string(mac.finalize().into_bytes())
}

fn sign_shared(key: &SecretString, url: &str, fields: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    mac.update(fields.as_bytes());
    STANDARD.encode_to_string(mac.finalize().into_bytes())
}

/// Distinct names sorted, distinct values of each sorted, all joined without separators.
fn signed_fields(body: SignedBody<'_>) -> String {
    let SignedBody::Form(fields) = body else { return String::new() };
    let sorted: BTreeSet<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
    sorted.into_iter().flat_map(|(name, value)| [name, value]).collect()
}

fn hash_matches(url: &str, body: &[u8]) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let told = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "bodySHA256");
    told.is_some_and(|(_, told)| hex::encode(Sha256::digest(body)).as_bytes().ct_eq(told.as_bytes()).into())
}

/// The sender is inconsistent about ports: the URL without one, and with the one it has or its scheme implies (443 for
/// `https`, 80 for everything else, `wss` included).
fn port_variants(url: &str) -> [String; 2] {
    let Some((scheme, rest)) = url.split_once("://") else { return [url.to_owned(), url.to_owned()] };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (host, port) = split_port(authority);
    let port = port.unwrap_or(if scheme == "https" { "443" } else { "80" });
    [format!("{scheme}://{host}{tail}"), format!("{scheme}://{host}:{port}{tail}")]
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => (host, Some(port)),
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests;
