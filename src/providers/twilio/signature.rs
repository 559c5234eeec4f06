//! `X-Twilio-Signature`: whether a webhook or a media socket really comes from Twilio.
//!
//! The rule is that of twilio-python's `request_validator.py`. The URL is the configured public one plus the path and query
//! as they arrived; scheme and host of the request itself can be set by a stranger behind a proxy.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64_simd::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
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

/// The auth tokens that may have signed: the current one, and the next or last one while it is being rotated.
#[derive(Debug, Clone)]
pub struct SignatureKeys {
    tokens: Vec<SecretString>,
}

impl SignatureKeys {
    /// Accepts signatures of any of these tokens; of none when the list is empty.
    #[must_use]
    pub fn new(tokens: Vec<SecretString>) -> Self {
        Self { tokens: tokens.into_iter().filter(|token| !token.expose_secret().is_empty()).collect() }
    }

    /// Whether one of our tokens signed this. Every candidate is compared in full, in constant time.
    #[must_use]
    pub fn verify(&self, url: &str, body: SignedBody<'_>, signature: &str) -> bool {
        if let SignedBody::Raw(bytes) = body
            && !hash_matches(url, bytes)
        {
            return false;
        }
        let fields = signed_fields(body);
        let mut matched = Choice::from(0);
        for token in &self.tokens {
            for candidate in port_variants(url) {
                matched |= sign(token, &candidate, &fields).as_bytes().ct_eq(signature.as_bytes());
            }
        }
        matched.into()
    }
}

fn sign(token: &SecretString, url: &str, fields: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.expose_secret().as_bytes()).expect("HMAC takes a key of any length");
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
mod tests {
    use super::*;

    const URL: &str = "https://app.example/status?job=9f2";

    fn keys(tokens: &[&str]) -> SignatureKeys {
        SignatureKeys::new(tokens.iter().map(|t| SecretString::from(*t)).collect())
    }

    fn fields<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
        pairs.iter().map(|(n, v)| (Cow::Borrowed(*n), Cow::Borrowed(*v))).collect()
    }

    fn ringing() -> Vec<(Cow<'static, str>, Cow<'static, str>)> {
        fields(&[("To", "+14155550123"), ("CallStatus", "ringing"), ("CallSid", "CA1")])
    }

    /// Computed with twilio-python.
    #[test]
    fn agrees_with_the_official_sdk() {
        assert!(keys(&["12345"]).verify(URL, SignedBody::Form(&ringing()), "Tn1rAgbxYEPObg5HPy1QUUTZTzA="));
        assert!(keys(&["12345"]).verify("wss://app.example/media", SignedBody::Nothing, "SUhmg9f9i+KwSRVVPezfLWezo9Y="));
    }

    #[test]
    fn any_change_breaks_it() {
        let good = "Tn1rAgbxYEPObg5HPy1QUUTZTzA=";
        let form = ringing();
        assert!(!keys(&["12346"]).verify(URL, SignedBody::Form(&form), good));
        assert!(!keys(&[]).verify(URL, SignedBody::Form(&form), good));
        assert!(!keys(&["12345"]).verify("https://app.example/status?job=9f3", SignedBody::Form(&form), good));
        assert!(!keys(&["12345"]).verify("http://app.example/status?job=9f2", SignedBody::Form(&form), good));
        assert!(!keys(&["12345"]).verify(URL, SignedBody::Nothing, good));
        let more: Vec<_> = form.iter().cloned().chain(fields(&[("New", "")])).collect();
        assert!(!keys(&["12345"]).verify(URL, SignedBody::Form(&more), good));
        for forged in ["", "x", "Tn1rAgbxYEPObg5HPy1QUUTZTzA", "tn1rAgbxYEPObg5HPy1QUUTZTzA="] {
            assert!(!keys(&["12345"]).verify(URL, SignedBody::Form(&form), forged), "{forged}");
        }
    }

    #[test]
    fn takes_either_port_variant_and_either_token() {
        for signed_url in ["https://app.example:443/status?job=9f2", URL] {
            let told = sign(&SecretString::from("new"), signed_url, "");
            for our_url in [URL, "https://app.example:443/status?job=9f2"] {
                assert!(keys(&["old", "new"]).verify(our_url, SignedBody::Nothing, &told), "{signed_url} against {our_url}");
            }
        }
        let with_sdk_port = sign(&SecretString::from("t"), "wss://app.example:80/media", "");
        assert!(keys(&["t"]).verify("wss://app.example/media", SignedBody::Nothing, &with_sdk_port));
        let odd_port = sign(&SecretString::from("t"), "http://127.0.0.1:8080/x", "");
        assert!(keys(&["t"]).verify("http://127.0.0.1:8080/x", SignedBody::Nothing, &odd_port));
        assert_eq!(port_variants("http://[::1]/x"), ["http://[::1]/x", "http://[::1]:80/x"]);
    }

    #[test]
    fn repeated_fields_count_once_and_sorted() {
        let form = fields(&[("B", "2"), ("A", "z"), ("B", "1"), ("A", "z"), ("B", "2")]);
        assert_eq!(signed_fields(SignedBody::Form(&form)), "AzB1B2");
    }

    #[test]
    fn other_bodies_are_bound_by_their_hash() {
        let body = br#"{"a":1}"#;
        let url = format!("https://app.example/hook?bodySHA256={}", hex::encode(Sha256::digest(body)));
        let told = sign(&SecretString::from("t"), &url, "");
        assert!(keys(&["t"]).verify(&url, SignedBody::Raw(body), &told));
        assert!(!keys(&["t"]).verify(&url, SignedBody::Raw(b"{}"), &told));
        let bare = sign(&SecretString::from("t"), "https://app.example/hook", "");
        assert!(!keys(&["t"]).verify("https://app.example/hook", SignedBody::Raw(body), &bare), "no hash, no proof of the body");
    }
}
