//! `X-Twilio-Signature`: HMAC-SHA1 with the account's token over the exact URL and the sorted form parameters.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Signs a request. For GET and for a websocket handshake there are no parameters.
pub(super) fn sign(auth_token: &str, url: &str, params: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = params.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    base64_simd::STANDARD.encode_to_string(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(params: &[(&str, &str)]) -> Vec<(String, String)> {
        params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Both values were computed with the vendor's own SDK.
    #[test]
    fn agrees_with_the_vendors_sdk() {
        let params = owned(&[("To", "+14155550123"), ("CallSid", "CA1"), ("CallStatus", "ringing")]);
        assert_eq!(sign("12345", "https://app.example/status?job=9f2", &params), "Tn1rAgbxYEPObg5HPy1QUUTZTzA=");
        assert_eq!(sign("12345", "wss://app.example/media", &[]), "SUhmg9f9i+KwSRVVPezfLWezo9Y=");
    }

    #[test]
    fn equal_pairs_count_once() {
        let once = sign("t", "https://a.example/", &owned(&[("A", "1"), ("A", "2")]));
        assert_eq!(sign("t", "https://a.example/", &owned(&[("A", "2"), ("A", "1"), ("A", "2")])), once);
    }
}
