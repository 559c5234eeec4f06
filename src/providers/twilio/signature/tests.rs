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
            assert!(keys(&["old", "new"]).verify(our_url, SignedBody::Nothing, told.as_str()), "{signed_url} against {our_url}");
        }
    }
    let with_sdk_port = sign(&SecretString::from("t"), "wss://app.example:80/media", "");
    assert!(keys(&["t"]).verify("wss://app.example/media", SignedBody::Nothing, with_sdk_port.as_str()));
    let odd_port = sign(&SecretString::from("t"), "http://127.0.0.1:8080/x", "");
    assert!(keys(&["t"]).verify("http://127.0.0.1:8080/x", SignedBody::Nothing, odd_port.as_str()));
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
    assert!(keys(&["t"]).verify(&url, SignedBody::Raw(body), told.as_str()));
    assert!(!keys(&["t"]).verify(&url, SignedBody::Raw(b"{}"), told.as_str()));
    let bare = sign(&SecretString::from("t"), "https://app.example/hook", "");
    assert!(!keys(&["t"]).verify("https://app.example/hook", SignedBody::Raw(body), bare.as_str()), "no hash, no proof of the body");
}

/// The vectors of twilio-python's `tests/unit/test_request_validator.py`.
#[test]
fn agrees_with_the_published_vectors() {
    let (uri, keys) = ("https://mycompany.com/myapp.php?foo=1&bar=2", keys(&["12345"]));
    let form = fields(&[
        ("CallSid", "CA1234567890ABCDE"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
        ("Caller", "+14158675309"),
    ]);
    let body = SignedBody::Form(&form);
    assert!(keys.verify(uri, body, "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
    assert!(keys.verify(&uri.replace(".com", ".com:1234"), body, "RSOYDt4T1cUTdK1PDd93/VVr8B8="), "a port is left out");
    assert!(keys.verify(uri, body, "kvajT1Ptam85bY51eRf/AJRuM3w="), "443 is put in");
    assert!(keys.verify(&uri.replace("https", "http"), body, "0ZXoZLH/DfblKGATFgpif+LLRf4="), "80 is put in");
    let odd = uri.replace("https://mycompany.com", "http://mycompany.com:1234");
    assert!(keys.verify(&odd, body, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="));
    let twice = fields(&[("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234")]);
    assert!(keys.verify(uri, SignedBody::Form(&twice), "IK+Dwps556ElfBT0I3Rgjkr1wJU="));
    let hashed = format!("{uri}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620");
    let json = SignedBody::Raw(br#"{"property": "value", "boolean": true}"#);
    assert!(keys.verify(&hashed, json, "a9nBmqA0ju/hNViExpshrM61xv4="));
}

/// Computed with twilio-python 9.13.0.
#[test]
fn a_shared_key_signs_with_sha_256_and_only_where_the_header_says_so() {
    let keys = keys(&["12345"]).with_shared(vec![SecretString::from("previous"), SecretString::from("shared-secret")]);
    let (form, settings) = (ringing(), "key=webhooks_sharedkey_01,algorithm=HMAC_SHA256");
    let signed = |value, settings| Signature { value, settings };
    let (by_shared, by_token) = ("GBgh4UOaED8M1Vvju/ZFSyxW3Cgze75LC3PWROt7hEs=", "Tn1rAgbxYEPObg5HPy1QUUTZTzA=");
    let verify = |signature: Signature<'_>| keys.verify(URL, SignedBody::Form(&form), signature);
    assert!(verify(signed(by_shared, settings)) && verify(signed(by_shared, "algorithm=hmac_sha256")));
    assert!(verify(signed(by_token, "")) && verify(signed(by_token, " ")));
    for (value, settings) in [
        (by_shared, ""),
        (by_token, settings),
        (by_shared, "key=webhooks_sharedkey_01"),
        (by_shared, "algorithm=HMAC_SHA1"),
        (by_shared, "algorithm=none"),
        (by_token, "algorithm="),
    ] {
        assert!(!verify(signed(value, settings)), "{settings:?}");
    }
    assert!(!SignatureKeys::new(vec![SecretString::from("12345")]).verify(URL, SignedBody::Form(&form), signed(by_shared, settings)));
}
